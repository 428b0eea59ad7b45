"""`store()`: the object store of the process's configuration, and `ownership()`: its lease on it."""

import os
import threading
from importlib import import_module

from framework import config
from framework.config import Config
from framework.storage.contract import ObjectStore
from framework.storage.folder import FolderStore
from framework.storage.ownership.lease import Ownership
from framework.storage.retries import RetryPolicy

BUCKET = "framework.storage.s3"

_lock = threading.Lock()
_opened: dict[tuple[Config, int], ObjectStore] = {}
_made_ahead: dict[Config, ObjectStore] = {}
"""Has no connection yet: each fork that uses it opens its own, and shares its memory. Once used, no fork gets it."""
_leases: dict[tuple[object, ...], Ownership] = {}


def store() -> ObjectStore:
    """The store of the current configuration: one a process, opened at the first call and anew after a fork."""
    settings = config.current()
    wanted = (settings, os.getpid())
    with _lock:
        if wanted not in _opened:
            opened = _made_ahead.pop(settings) if settings in _made_ahead else open_store(settings)
            opened.guard(_lease(settings, opened).require)
            _opened[wanted] = opened
        return _opened[wanted]


def ownership() -> Ownership:
    """This process's lease on the store of the current configuration."""
    opened = store()
    with _lock:
        return _lease(config.current(), opened)


def use(chosen: ObjectStore) -> None:
    """Make this the store of the current configuration, in this process alone."""
    with _lock:
        _opened[config.current(), os.getpid()] = chosen


def _lease(settings: Config, opened: ObjectStore) -> Ownership:
    """One for each database and bucket: whatever else is configured, what was seen of the bucket stays true."""
    bucket = (settings.data, settings.s3_bucket, settings.s3_endpoint_url, settings.owner_look_seconds)
    place = (settings.database_url, *bucket, os.getpid())
    if place not in _leases:
        _leases[place] = Ownership(opened, settings.owner_look_seconds)
    return _leases[place]


def open_store(settings: Config, policy: RetryPolicy | None = None) -> ObjectStore:
    """A store of its own for these settings: the bucket, or a folder that stands for it.

    What speaks to a bucket takes 22 MB, so a deployment with a folder does not load it.
    """
    if folder := settings.store_folder:
        return FolderStore(folder)
    opened: ObjectStore = import_module(BUCKET).open_bucket(settings, policy or RetryPolicy())
    return opened


def load_ahead() -> None:
    """Have the store ready for the first use, by this process or by each that is forked before; no request is made."""
    settings = config.current()
    _made_ahead[settings] = open_store(settings)


def dispose() -> None:
    """Close every store of this process; the next use opens one again."""
    with _lock:
        for opened in (*_opened.values(), *_made_ahead.values()):
            opened.close()
        _opened.clear()
        _made_ahead.clear()
        _leases.clear()

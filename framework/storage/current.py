"""`store()`: the object store of the process's configuration."""

import os
import threading

from framework import config
from framework.config import Config
from framework.storage.contract import ObjectStore
from framework.storage.folder import FolderStore
from framework.storage.patience import Patience
from framework.storage.s3 import S3Store
from framework.storage.s3_client import make_client

_lock = threading.Lock()
_opened: dict[tuple[Config, int], ObjectStore] = {}


def store() -> ObjectStore:
    """The store of the current configuration: one a process, opened at the first call and anew after a fork."""
    wanted = (config.current(), os.getpid())
    with _lock:
        if wanted not in _opened:
            _opened[wanted] = open_store(wanted[0])
        return _opened[wanted]


def use(chosen: ObjectStore) -> None:
    """Make this the store of the current configuration, in this process alone."""
    with _lock:
        _opened[config.current(), os.getpid()] = chosen


def open_store(settings: Config) -> ObjectStore:
    """A store of its own for these settings: the bucket when one is named, else a folder in the data folder."""
    if settings.s3_bucket is None:
        return FolderStore(settings.data / "objects")
    patience = Patience()
    return S3Store(make_client(settings, patience), settings.s3_bucket, patience=patience)


def dispose() -> None:
    """Close every store of this process; the next use opens one again."""
    with _lock:
        for opened in _opened.values():
            opened.close()
        _opened.clear()

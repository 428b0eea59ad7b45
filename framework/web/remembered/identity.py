"""What everything depends on that is rendered: templates, code, static files, packages, and a few settings."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask

from framework import config

ROOT = Path(__file__).parents[3]
SOURCES = ("templates/**/*", "framework/**/*.py", "static/*", "static/upload/*", "requirements.txt")
"""Of static files those whose addresses pages hold; their addresses change with their content."""


def register(_app: Flask) -> None:
    """Read the files now, before another release takes their place."""
    _read_release()


def read_identity() -> str:
    """A digest that is the same for all processes of one release with the same settings, and for no others."""
    settings = config.current()
    return _name(settings.base_url, settings.max_file_bytes, settings.signup, *settings.signing_keys)


@lru_cache(maxsize=4)
def _name(*shown: object) -> str:
    return hashlib.sha256(repr((_read_release(), shown)).encode()).hexdigest()


@lru_cache(maxsize=1)
def _read_release() -> str:
    """By content: a release's files have other times on each machine."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for file in sorted(path for path in ROOT.glob(pattern) if path.is_file()):
            digest.update(f"{file.relative_to(ROOT)} {file.stat().st_size} ".encode() + file.read_bytes())
    return digest.hexdigest()

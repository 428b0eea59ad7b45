"""Keys that only this deployment may know: made once at home, checked in production."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from framework.environment.variables import ConfigError, Environ, is_production, missing_variable

SHORTEST = 32
FEWEST_LETTERS = 8
"""Different characters in a key: 32 random hexadecimal digits have fewer once in 27 million keys."""
EXAMPLES = (
    "change",
    "example",
    "insecure",
    "openssl",
    "password",
    "placeholder",
    "random",
    "replace",
    "secret",
    "your-",
    "your_",
)
PUBLISHED = {"192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"}
"""The key in Flask's own documentation."""
HOW = "set it to 64 random characters, as `openssl rand -hex 32` prints them"


def secret_key(environ: Environ, data: Path) -> str:
    """What signs cookies and links: the variable, or at home a key that the data folder keeps."""
    key = environ.get("SECRET_KEY", "")
    if is_production(environ):
        if not key:
            raise missing_variable(environ, "SECRET_KEY", f"a production deployment needs one: {HOW}")
        _refuse_weak("SECRET_KEY", key)
    return key or _generate_once(data / "secret_key")


def secret_key_fallbacks(environ: Environ) -> tuple[str, ...]:
    """Earlier keys, the newest first: what they have signed is still read, and nothing new is signed with them."""
    keys = tuple(environ.get("SECRET_KEY_FALLBACKS", "").replace(",", " ").split())
    if is_production(environ):
        for key in keys:
            _refuse_weak("SECRET_KEY_FALLBACKS", key)
    return keys


def backup_key(environ: Environ) -> str | None:
    """What encrypts the dumps of the tables, if anything does."""
    key = environ.get("BACKUP_KEY", "")
    if key and is_production(environ):
        _refuse_weak("BACKUP_KEY", key)
    return key or None


def _refuse_weak(name: str, key: str) -> None:
    """Raise ConfigError for a key that somebody else could know or guess."""
    if len(key) < SHORTEST:
        raise ConfigError(f"{name} has {len(key)} characters, and needs at least {SHORTEST}; {HOW}")
    if len(set(key)) < FEWEST_LETTERS or key in (key + key)[1:-1]:
        raise ConfigError(f"{name} repeats itself, so that it can be guessed; {HOW}")
    if key.lower() in PUBLISHED or any(word in key.lower() for word in EXAMPLES):
        raise ConfigError(f"{name} is an example that everyone can read; {HOW}")


def _generate_once(path: Path) -> str:
    """The secret that this file keeps; processes that start together agree on one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()

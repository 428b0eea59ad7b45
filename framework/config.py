"""Config, frozen: the only reader of the environment."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

MIB = 1024 * 1024
GIB = 1024 * MIB


class ConfigError(Exception):
    """A variable is missing or unusable; the text names it and says what to set."""


@dataclass(frozen=True)
class Config:
    """Every setting of one deployment; sizes in bytes, times in the unit that the name ends with."""

    data: Path
    database_url: str
    secret_key: str
    base_url: str
    broker_url: str
    production: bool = False
    port: int = 5000
    s3_bucket: str | None = None
    s3_endpoint_url: str | None = None
    s3_region: str | None = None
    s3_access_key_id: str | None = None
    s3_secret_access_key: str | None = None
    s3_connections: int = 32
    smtp_url: str | None = None
    mail_from: str = "Holdfast <holdfast@localhost>"
    cache_max_bytes: int = 5 * GIB
    max_file_bytes: int = 100 * MIB
    max_request_bytes: int = 500 * MIB
    max_push_bytes: int = 2 * GIB
    create_on_push: bool = True
    import_from_private_networks: bool = False
    prefetch: bool = True
    max_pack_objects: int = 1_000_000
    max_lfs_file_bytes: int = 2 * GIB
    lfs_direct: bool = True
    quota_bytes: int = 5 * GIB
    large_blob_bytes: int = MIB
    staged_hours: int = 24
    longest_request_hours: int = 6
    longest_wait_seconds: int = 20
    backup_retention_days: int = 14
    consolidate_packs: int = 50
    idle_days: int = 30
    scrub_days: int = 30
    archive_storage_class: str | None = None
    scrub_archived_days: int = 360
    storage_prices: tuple[tuple[str, float], ...] = (
        ("STANDARD", 0.023),
        ("STANDARD_IA", 0.0125),
        ("GLACIER_IR", 0.004),
        ("BLOCK", 0.08),
    )
    trash_days: int = 30
    web_concurrency: int = 2
    web_threads: int = 16
    backup_key: str | None = None
    metrics_token: str | None = None
    metrics_folder: Path | None = None
    log_format: str = "text"
    log_folder: Path | None = None
    git_path: str = os.defpath
    git_environment: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read one deployment's settings.

        Raises:
            ConfigError: a variable is missing in production or is not of its form.
        """
        production = environ.get("HOLDFAST_ENV") == "production"
        data = Path(environ.get("HOLDFAST_DATA") or "var").absolute()
        port = _whole_number(environ, "PORT", 5000)
        return cls(
            data=data,
            database_url=_database_url(environ, data, production=production),
            secret_key=_secret_key(environ, data, production=production),
            base_url=(environ.get("BASE_URL") or f"http://localhost:{port}").rstrip("/"),
            broker_url=_broker_url(environ),
            production=production,
            port=port,
            s3_bucket=environ.get("S3_BUCKET") or None,
            s3_endpoint_url=environ.get("S3_ENDPOINT_URL") or None,
            s3_region=environ.get("S3_REGION") or None,
            s3_access_key_id=environ.get("AWS_ACCESS_KEY_ID") or None,
            s3_secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY") or None,
            smtp_url=environ.get("SMTP_URL") or None,
            mail_from=environ.get("MAIL_FROM") or _mail_from(environ),
            create_on_push=_switch(environ, "CREATE_ON_PUSH", Config.create_on_push),
            lfs_direct=_switch(environ, "LFS_DIRECT", Config.lfs_direct),
            import_from_private_networks=_switch(environ, "IMPORT_FROM_PRIVATE_NETWORKS", False),  # noqa: FBT003
            prefetch=_switch(environ, "PREFETCH", Config.prefetch),
            archive_storage_class=_archive_class(environ),
            storage_prices=_prices(environ),
            backup_key=environ.get("BACKUP_KEY") or None,
            metrics_token=environ.get("METRICS_TOKEN") or None,
            metrics_folder=_metrics_folder(environ),
            log_format=_one_of(environ, "LOG_FORMAT", ("text", "json")),
            log_folder=Path(environ["LOG_FOLDER"]).absolute() if environ.get("LOG_FOLDER") else None,
            git_path=environ.get("PATH") or os.defpath,
            git_environment=_git_environment(environ),
            **{name.lower(): _whole_number(environ, name, default) for name, default in _NUMBERS.items()},
        )


_NUMBERS = {
    "S3_CONNECTIONS": Config.s3_connections,
    "CACHE_MAX_BYTES": Config.cache_max_bytes,
    "MAX_FILE_BYTES": Config.max_file_bytes,
    "MAX_REQUEST_BYTES": Config.max_request_bytes,
    "MAX_PUSH_BYTES": Config.max_push_bytes,
    "MAX_PACK_OBJECTS": Config.max_pack_objects,
    "MAX_LFS_FILE_BYTES": Config.max_lfs_file_bytes,
    "QUOTA_BYTES": Config.quota_bytes,
    "LARGE_BLOB_BYTES": Config.large_blob_bytes,
    "STAGED_HOURS": Config.staged_hours,
    "LONGEST_REQUEST_HOURS": Config.longest_request_hours,
    "LONGEST_WAIT_SECONDS": Config.longest_wait_seconds,
    "BACKUP_RETENTION_DAYS": Config.backup_retention_days,
    "CONSOLIDATE_PACKS": Config.consolidate_packs,
    "IDLE_DAYS": Config.idle_days,
    "SCRUB_DAYS": Config.scrub_days,
    "SCRUB_ARCHIVED_DAYS": Config.scrub_archived_days,
    "TRASH_DAYS": Config.trash_days,
    "WEB_CONCURRENCY": Config.web_concurrency,
    "WEB_THREADS": Config.web_threads,
}

_CLASSES_READ_AT_ONCE = ("STANDARD_IA", "GLACIER_IR")
"""Classes of S3 that are cheaper to keep, answer a GET in milliseconds, and lie in several data centres."""

_GIT_VARIABLES = ("LD_LIBRARY_PATH", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR")


def _whole_number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal():
        raise ConfigError(f"{name} is {text!r}; set it to a whole number, for example {default}")
    return int(text)


def _switch(environ: Mapping[str, str], name: str, default: bool) -> bool:  # noqa: FBT001
    text = environ.get(name, "").strip().lower()
    if text not in {"", "on", "off"}:
        raise ConfigError(f"{name} is {text!r}; set it to on or off")
    return text == "on" if text else default


def _one_of(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of these words; the first when the variable is unset."""
    text = environ.get(name, "").strip().lower() or choices[0]
    if text not in choices:
        raise ConfigError(f"{name} is {text!r}; set it to {' or '.join(choices)}")
    return text


def _archive_class(environ: Mapping[str, str]) -> str | None:
    name = environ.get("ARCHIVE_STORAGE_CLASS", "").strip().upper()
    if name and name not in _CLASSES_READ_AT_ONCE:
        raise ConfigError(
            f"ARCHIVE_STORAGE_CLASS is {name!r}; set it to {' or '.join(_CLASSES_READ_AT_ONCE)}, which can be read at "
            "once, or leave it out"
        )
    return name or None


def _prices(environ: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
    """The default prices, with those that `STORAGE_PRICES` names changed or added: `NAME=DOLLARS NAME=DOLLARS`."""
    prices = dict(Config.storage_prices)
    for word in environ.get("STORAGE_PRICES", "").split():
        name, _equals, price = word.partition("=")
        if not re.fullmatch(r"[A-Z0-9_]+", name) or not re.fullmatch(r"\d+(\.\d+)?", price):
            raise ConfigError(
                f"STORAGE_PRICES has {word!r}; write each as NAME=DOLLARS, for example STANDARD=0.023 BLOCK=0.08"
            )
        prices[name] = float(price)
    return tuple(prices.items())


def _database_url(environ: Mapping[str, str], data: Path, *, production: bool) -> str:
    url = environ.get("DATABASE_URL", "")
    if not url and production:
        raise ConfigError("DATABASE_URL is not set; a production deployment needs a PostgreSQL database")
    if not url:
        return f"sqlite:///{data / 'holdfast.sqlite3'}"
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg{separator}{rest}"
    return url


def _secret_key(environ: Mapping[str, str], data: Path, *, production: bool) -> str:
    key = environ.get("SECRET_KEY", "")
    if key:
        return key
    if production:
        raise ConfigError("SECRET_KEY is not set; a production deployment needs one: 64 random characters")
    return _generated_once(data / "secret_key")


def _generated_once(path: Path) -> str:
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


def _broker_url(environ: Mapping[str, str]) -> str:
    return environ.get("BROKER_URL") or environ.get("CLOUDAMQP_URL") or environ.get("REDIS_URL") or "filesystem://"


def _mail_from(environ: Mapping[str, str]) -> str:
    host = urlsplit(environ.get("BASE_URL", "")).hostname or "localhost"
    return f"Holdfast <holdfast@{host}>"


def _git_environment(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, environ[name]) for name in _GIT_VARIABLES if environ.get(name))


def _metrics_folder(environ: Mapping[str, str]) -> Path | None:
    """Where the workers of one web server share their counts: set by its first process, not by people."""
    folder = environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


_current: Config | None = None


def use(config: Config) -> None:
    """Make this the configuration of the process; what earlier code built from another one is left alone."""
    global _current
    _current = config


def current() -> Config:
    """The process's configuration: what `use` was given, else what the environment says."""
    if _current is None:
        use(Config.from_environment())
    assert _current is not None
    return _current

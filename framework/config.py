"""Config, frozen: the only reader of the environment."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from framework.environment import addresses, listening, secret_keys, spelling, variables
from framework.environment.names import OTHER_VARIABLES
from framework.environment.providers import PROVIDER_VARIABLES, Provider, read_providers
from framework.environment.variables import ConfigError, switch
from framework.formatting import GIB, MIB

__all__ = ["Config", "ConfigError", "current", "start", "use"]

log = logging.getLogger(__name__)

PRIVATE = 0o077
"""The permission bits of group and others, as a umask takes them away."""


@dataclass(frozen=True)
class Config:
    """Every setting of one deployment; sizes in bytes, times in the unit that the name ends with."""

    data: Path
    database_url: str
    secret_key: str
    base_url: str
    broker_url: str
    secret_key_fallbacks: tuple[str, ...] = ()
    production: bool = False
    port: int = 5000
    bind: str | None = None
    forwarded_allow_ips: str = ""
    hsts_subdomains: bool = False
    security_contact: str | None = None
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
    webhooks_to_private_networks: bool = False
    prefetch: bool = True
    max_pack_objects: int = 1_000_000
    max_archive_bytes: int = 5 * GIB
    max_lfs_file_bytes: int = 2 * GIB
    lfs_direct: bool = True
    quota_bytes: int = 5 * GIB
    academic_domains: tuple[str, ...] = variables.ACADEMIC_DOMAINS
    store_max_bytes: int | None = None
    signup: str = "open"
    signup_domains: tuple[str, ...] = ()
    providers: tuple[Provider, ...] = ()
    large_blob_bytes: int = MIB
    store_small_indexes: bool = False
    staged_hours: int = 24
    longest_request_hours: int = 6
    longest_wait_seconds: int = 20
    owner_look_seconds: int = 60
    backup_retention_days: int = 14
    log_retention_days: int = 90
    fold_packs: int = 12
    consolidate_packs: int = 50
    idle_days: int = 30
    scrub_days: int = 30
    archive_storage_class: str | None = None
    scrub_archived_days: int = 360
    storage_prices: tuple[tuple[str, float], ...] = variables.PRICES
    trash_days: int = 30
    event_days: int = 365
    audit_days: int = 365
    notice_days: int = 90
    outbox_days: int = 14
    web_concurrency: int = 2
    web_threads: int = 16
    worker_concurrency: int = 2
    database_connections: int = 3
    dyno: str | None = None
    backup_key: str | None = None
    metrics_token: str | None = None
    metrics_folder: Path | None = None
    log_format: str = "text"
    log_people: bool = False
    log_folder: Path | None = None
    git_path: str = os.defpath
    git_environment: tuple[tuple[str, str], ...] = ()
    misspelt: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read one deployment's settings.

        Raises:
            ConfigError: a variable is missing in production or is not of its form.
        """
        data = Path(environ.get("HOLDFAST_DATA") or "var").absolute()
        port = variables.whole_number(environ, "PORT", 5000, most=65_535)
        signup, signup_domains = variables.signup(environ)
        return cls(
            production=variables.is_production(environ),
            data=data,
            port=port,
            bind=listening.bind(environ, port),
            forwarded_allow_ips=listening.read_trusted_proxies(environ),
            hsts_subdomains=switch(environ, "HSTS_SUBDOMAINS", default=cls.hsts_subdomains),
            security_contact=addresses.security_contact(environ),
            database_url=addresses.database_url(environ, data),
            secret_key=secret_keys.secret_key(environ, data),
            secret_key_fallbacks=secret_keys.secret_key_fallbacks(environ),
            base_url=addresses.base_url(environ, port),
            broker_url=addresses.broker_url(environ),
            s3_bucket=addresses.s3_bucket(environ),
            s3_endpoint_url=addresses.s3_endpoint_url(environ),
            s3_region=addresses.s3_region(environ),
            s3_access_key_id=environ.get("AWS_ACCESS_KEY_ID", "").strip() or None,
            s3_secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY", "").strip() or None,
            smtp_url=addresses.smtp_url(environ),
            mail_from=addresses.mail_from(environ),
            create_on_push=switch(environ, "CREATE_ON_PUSH", default=cls.create_on_push),
            lfs_direct=switch(environ, "LFS_DIRECT", default=cls.lfs_direct),
            import_from_private_networks=switch(environ, "IMPORT_FROM_PRIVATE_NETWORKS", default=False),
            webhooks_to_private_networks=switch(environ, "WEBHOOKS_TO_PRIVATE_NETWORKS", default=False),
            signup=signup,
            signup_domains=signup_domains,
            providers=read_providers(environ),
            academic_domains=variables.academic_domains(environ),
            store_max_bytes=variables.whole_number(environ, "STORE_MAX_BYTES", 0) or None,
            prefetch=switch(environ, "PREFETCH", default=cls.prefetch),
            store_small_indexes=switch(environ, "STORE_SMALL_INDEXES", default=cls.store_small_indexes),
            archive_storage_class=variables.archive_class(environ),
            storage_prices=variables.prices(environ, cls.storage_prices),
            backup_key=secret_keys.backup_key(environ),
            metrics_token=environ.get("METRICS_TOKEN") or None,
            metrics_folder=variables.metrics_folder(environ),
            log_people=switch(environ, "LOG_PEOPLE", default=cls.log_people),
            log_format=variables.read_choice(environ, "LOG_FORMAT", ("text", "json")),
            log_folder=Path(environ["LOG_FOLDER"]).absolute() if environ.get("LOG_FOLDER") else None,
            dyno=environ.get("DYNO") or None,
            git_path=variables.git_path(environ),
            git_environment=variables.git_environment(environ),
            misspelt=spelling.misspelt(environ, VARIABLES),
            **{
                name.lower(): variables.whole_number(
                    environ, name, default, least=_LEAST.get(name, 0), most=_MOST.get(name.rpartition("_")[2])
                )
                for name, default in _NUMBERS.items()
            },
        )

    @property
    def is_https(self) -> bool:
        """Whether people come by https."""
        return self.base_url.startswith("https://")

    @property
    def signing_keys(self) -> list[str]:
        """The keys of what is signed, as itsdangerous takes them: the last one signs, all of them verify."""
        return [*reversed(self.secret_key_fallbacks), self.secret_key]

    @property
    def store_folder(self) -> Path | None:
        """The folder that is the object store; None where that is a bucket."""
        return addresses.folder_of(self.s3_bucket, self.data / "objects")

    @property
    def broker_folder(self) -> Path | None:
        """The folder that is the message broker; None where that is a service."""
        return addresses.folder_of(self.broker_url, self.data / "broker")

    @property
    def mail_folder(self) -> Path | None:
        """The folder that mails are written into; None where a server sends them."""
        return addresses.folder_of(self.smtp_url, self.data / "outbox")


_NUMBERS = {
    "S3_CONNECTIONS": Config.s3_connections,
    "CACHE_MAX_BYTES": Config.cache_max_bytes,
    "MAX_FILE_BYTES": Config.max_file_bytes,
    "MAX_REQUEST_BYTES": Config.max_request_bytes,
    "MAX_PUSH_BYTES": Config.max_push_bytes,
    "MAX_PACK_OBJECTS": Config.max_pack_objects,
    "MAX_ARCHIVE_BYTES": Config.max_archive_bytes,
    "MAX_LFS_FILE_BYTES": Config.max_lfs_file_bytes,
    "QUOTA_BYTES": Config.quota_bytes,
    "LARGE_BLOB_BYTES": Config.large_blob_bytes,
    "STAGED_HOURS": Config.staged_hours,
    "LONGEST_REQUEST_HOURS": Config.longest_request_hours,
    "LONGEST_WAIT_SECONDS": Config.longest_wait_seconds,
    "OWNER_LOOK_SECONDS": Config.owner_look_seconds,
    "BACKUP_RETENTION_DAYS": Config.backup_retention_days,
    "LOG_RETENTION_DAYS": Config.log_retention_days,
    "FOLD_PACKS": Config.fold_packs,
    "CONSOLIDATE_PACKS": Config.consolidate_packs,
    "IDLE_DAYS": Config.idle_days,
    "SCRUB_DAYS": Config.scrub_days,
    "SCRUB_ARCHIVED_DAYS": Config.scrub_archived_days,
    "TRASH_DAYS": Config.trash_days,
    "EVENT_DAYS": Config.event_days,
    "AUDIT_DAYS": Config.audit_days,
    "NOTICE_DAYS": Config.notice_days,
    "OUTBOX_DAYS": Config.outbox_days,
    "WEB_CONCURRENCY": Config.web_concurrency,
    "WEB_THREADS": Config.web_threads,
    "WORKER_CONCURRENCY": Config.worker_concurrency,
    "DATABASE_CONNECTIONS": Config.database_connections,
}

_LEAST = {
    "AUDIT_DAYS": 30,  # the database deletes nothing that is younger
    "DATABASE_CONNECTIONS": 2,  # long work holds one and tells how far it is with another
    **dict.fromkeys(("WEB_CONCURRENCY", "WEB_THREADS", "WORKER_CONCURRENCY", "S3_CONNECTIONS"), 1),
    **dict.fromkeys(("OWNER_LOOK_SECONDS", "FOLD_PACKS", "CONSOLIDATE_PACKS"), 1),
}
"""Smaller numbers cannot work."""

_MOST = {"DAYS": 36_500, "HOURS": 876_000, "SECONDS": 3_153_600_000}
"""A century, by the unit that a name ends with: what lies further back than calendars go cannot be counted with."""

VARIABLES = frozenset(_NUMBERS) | PROVIDER_VARIABLES | OTHER_VARIABLES
"""The names that people set, as docs/settings.md lists them."""


_current: Config | None = None


def use(config: Config) -> None:
    """Make this the configuration of the process; what earlier code built from another one is left alone."""
    global _current
    _current = config


def current() -> Config:
    """The process's configuration: what `use` was given, else what the environment says."""
    return _current or start()


def start() -> Config:
    """The configuration of a process that begins, as the environment says; what is misspelt is told once.

    Files of the process, and of those that it starts, can be read by nobody else on the machine.

    Raises:
        SystemExit: it cannot work with it; the text is one sentence.
    """
    forked = _current is not None
    os.umask(PRIVATE)
    try:
        settings = Config.from_environment()
    except ConfigError as lacking:
        raise SystemExit(f"Holdfast does not start: {lacking}.") from None
    for found, meant in () if forked else settings.misspelt:
        log.warning("%s is no setting of Holdfast. Is %s meant?", found, meant)
    use(settings)
    return settings

"""Addresses of the parts, and what production refuses: a part that vanishes, or that two processes do not share.

`folder:/path` names a folder instead of a bucket, a broker or a mail server: for one machine, and never by default.
"""

from pathlib import Path
from urllib.parse import urlsplit

from framework.environment.variables import ConfigError, Environ, is_on_dyno, is_production, missing

FOLDER = "folder:"
OWN_FOLDER = "filesystem://"
"""The broker at home: a folder in the data folder."""
BROKERS = {"redis", "rediss", "amqp", "amqps"}
BROKER_FORM = "redis://… or amqp://…, or to folder: where everything runs on one machine"


def folder_of(address: str | None, default: Path) -> Path | None:
    """The folder that stands for a service: the named one, the default without a name; None where it is a service."""
    if not address or address == FOLDER or address.startswith(OWN_FOLDER):
        return default
    return Path(address.removeprefix(FOLDER)) if address.startswith(FOLDER) else None


def database_url(environ: Environ, data: Path) -> str:
    """SQLAlchemy's address of the database."""
    url = environ.get("DATABASE_URL", "")
    if not url and is_production(environ):
        raise missing(environ, "DATABASE_URL", "a production deployment needs a PostgreSQL database")
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        return f"postgresql+psycopg{separator}{rest}"
    if url and scheme != "sqlite":
        raise ConfigError("DATABASE_URL is no address of PostgreSQL; set it to postgres://user:password@host/database")
    if url:
        _refuse_on_dyno(environ, "DATABASE_URL")
    return url or f"sqlite:///{data / 'holdfast.sqlite3'}"


def s3_bucket(environ: Environ) -> str | None:
    """The bucket, or `folder:/path`; None at home, where it is a folder in the data folder."""
    named = environ.get("S3_BUCKET", "")
    form = "the bucket that keeps every project, or to folder:/path for a disk that is never wiped"
    if not named and is_production(environ):
        raise missing(environ, "S3_BUCKET", f"set it to {form}")
    if named == FOLDER:
        raise ConfigError(f"S3_BUCKET is a folder without a name; set it to {form}")
    if named.startswith(FOLDER):
        _check_path("S3_BUCKET", named)
        _refuse_on_dyno(environ, "S3_BUCKET")
    return named or None


def s3_endpoint_url(environ: Environ) -> str | None:
    """The address of the S3 service; None is Amazon's."""
    url = environ.get("S3_ENDPOINT_URL", "")
    if url and not _is_address(url, {"http", "https"}):
        raise ConfigError(f"S3_ENDPOINT_URL is {url!r}; set it to an address such as https://s3.example.org")
    return url or None


def broker_url(environ: Environ) -> str:
    """The address of the message broker."""
    names = ("BROKER_URL", "CLOUDAMQP_URL", "REDIS_URL")
    name = next((name for name in names if environ.get(name)), "BROKER_URL")
    url = environ.get(name, "")
    if not url and is_production(environ):
        raise missing(environ, name, f"web and worker need a message broker that they share: set it to {BROKER_FORM}")
    if url.startswith(OWN_FOLDER) and is_production(environ):
        raise ConfigError(
            f"{name} is a folder of this machine, which other dynos do not share; set it to {BROKER_FORM}"
        )
    if url.startswith(FOLDER):
        _check_path(name, url)
        _refuse_on_dyno(environ, name)
    elif url and not url.startswith(OWN_FOLDER) and not _is_address(url, BROKERS):
        raise ConfigError(f"{name} is the address of no message broker that is known here; set it to {BROKER_FORM}")
    return url or OWN_FOLDER


def smtp_url(environ: Environ) -> str | None:
    """The mail server, or `folder:` with a path or without; None at home, where mails are files in the data folder."""
    url = environ.get("SMTP_URL", "")
    form = "smtp://user:password@host:587 or smtps://…, or to folder: for mails that stay here as files"
    if not url and is_production(environ):
        raise missing(environ, "SMTP_URL", f"set it to {form}")
    if url.startswith(FOLDER):
        _check_path("SMTP_URL", url)
    elif url and not _is_address(url, {"smtp", "smtps"}):
        raise ConfigError(f"SMTP_URL is the address of no mail server; set it to {form}")
    return url or None


def base_url(environ: Environ, port: int) -> str:
    """The public address, without a slash at its end."""
    url = environ.get("BASE_URL", "")
    if not url and is_production(environ):
        raise missing(environ, "BASE_URL", "set it to the public address, for example https://holdfast.example.org")
    if url and not _is_address(url, {"http", "https"}):
        raise ConfigError(f"BASE_URL is {url!r}; set it to an address such as https://holdfast.example.org")
    return (url or f"http://localhost:{port}").rstrip("/")


def mail_from(environ: Environ) -> str:
    """The sender of mail, by default of the public address's host."""
    host = urlsplit(environ.get("BASE_URL", "")).hostname or "localhost"
    return environ.get("MAIL_FROM") or f"Holdfast <holdfast@{host}>"


def security_contact(environ: Environ) -> str | None:
    """Where weaknesses are reported, as a URI: `mailto:` or `https:`."""
    named = environ.get("SECURITY_CONTACT", "").strip()
    contact = f"mailto:{named}" if "@" in named and ":" not in named else named
    if contact and not (contact.startswith(("mailto:", "https://")) and contact.isprintable() and " " not in contact):
        raise ConfigError(f"SECURITY_CONTACT is {named!r}; set it to an e-mail address or to an https:// page")
    return contact or None


def _is_address(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_path(name: str, address: str) -> None:
    path = address.removeprefix(FOLDER)
    if path and not path.startswith("/"):
        raise ConfigError(
            f"{name} is {address!r}; write the whole path of the folder, for example folder:/srv/holdfast"
        )


def _refuse_on_dyno(environ: Environ, name: str) -> None:
    if is_on_dyno(environ):
        raise ConfigError(f"{name} lies on the dyno's disk, which is wiped daily; set it to a service outside of it")

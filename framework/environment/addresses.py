"""Addresses of the parts, and what production refuses: a part that vanishes, or that two processes do not share.

`folder:/path` names a folder instead of a bucket, a broker or a mail server: for one machine, and never by default.
"""

import re
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from framework.environment.variables import ConfigError, Environ, is_on_dyno, is_production, missing_variable

FOLDER = "folder:"
OWN_FOLDER = "filesystem://"
"""The broker at home: a folder in the data folder."""
BROKERS = {"redis", "rediss", "amqp", "amqps"}
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}|arn:\S+")
"""A bucket's name, or the ARN of an access point: nothing that has a place inside of a bucket."""
REGION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
IN_MEMORY = {None, "", ":memory:"}
BROKER_FORM = "redis://… or amqp://…, or to folder: where everything runs on one machine"


def folder_of(address: str | None, default: Path) -> Path | None:
    """The folder that stands for a service: the named one, the default without a name; None where it is a service."""
    if not address or address == FOLDER or address.startswith(OWN_FOLDER):
        return default
    return Path(address.removeprefix(FOLDER)) if address.startswith(FOLDER) else None


def database_url(environ: Environ, data: Path) -> str:
    """SQLAlchemy's address of the database."""
    url = _address(environ, "DATABASE_URL")
    if not url and is_production(environ):
        raise missing_variable(environ, "DATABASE_URL", "a production deployment needs a PostgreSQL database")
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and _is_for_sqlalchemy(url):
        return f"postgresql+psycopg{separator}{rest}"
    if url and not (scheme == "sqlite" and _is_for_sqlalchemy(url)):
        raise ConfigError("DATABASE_URL is no address of PostgreSQL; set it to postgres://user:password@host/database")
    if url and make_url(url).database in IN_MEMORY:
        raise ConfigError(
            "DATABASE_URL is a database in memory, which each process has for itself and forgets; set it to "
            "postgres://user:password@host/database, or to sqlite:////path of a file"
        )
    if url:
        _refuse_on_dyno(environ, "DATABASE_URL")
    return url or f"sqlite:///{data / 'holdfast.sqlite3'}"


def s3_bucket(environ: Environ) -> str | None:
    """The bucket, or `folder:/path`; None at home, where it is a folder in the data folder."""
    named = _address(environ, "S3_BUCKET")
    form = "the bucket that keeps every project, or to folder:/path for a disk that is never wiped"
    if not named and is_production(environ):
        raise missing_variable(environ, "S3_BUCKET", f"set it to {form}")
    if named == FOLDER:
        raise ConfigError(f"S3_BUCKET is a folder without a name; set it to {form}")
    if named.startswith(FOLDER):
        _check_path("S3_BUCKET", named)
        _refuse_on_dyno(environ, "S3_BUCKET")
    elif named and not BUCKET.fullmatch(named):
        raise ConfigError(f"S3_BUCKET is {named!r}, which is no name of a bucket; set it to {form}")
    return named or None


def s3_endpoint_url(environ: Environ) -> str | None:
    """The address of the S3 service; None is Amazon's."""
    url = _address(environ, "S3_ENDPOINT_URL")
    if url and not _is_address(url, {"http", "https"}):
        raise ConfigError(f"S3_ENDPOINT_URL is {url!r}; set it to an address such as https://s3.example.org")
    return url or None


def s3_region(environ: Environ) -> str | None:
    """The bucket's region, which is a part of host names; None is the usual one."""
    named = environ.get("S3_REGION", "").strip()
    if named and not REGION.fullmatch(named):
        raise ConfigError(f"S3_REGION is {named!r}; set it to the name of a region such as us-east-1")
    return named or None


def broker_url(environ: Environ) -> str:
    """The address of the message broker."""
    names = ("BROKER_URL", "CLOUDAMQP_URL", "REDIS_URL")
    name = next((name for name in names if _address(environ, name)), "BROKER_URL")
    url = _address(environ, name)
    if not url and is_production(environ):
        raise missing_variable(
            environ, name, f"web and worker need a message broker that they share: set it to {BROKER_FORM}"
        )
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
    url = _address(environ, "SMTP_URL")
    form = "smtp://user:password@host:587 or smtps://…, or to folder: for mails that stay here as files"
    if not url and is_production(environ):
        raise missing_variable(environ, "SMTP_URL", f"set it to {form}")
    if url.startswith(FOLDER):
        _check_path("SMTP_URL", url)
    elif url and not _is_address(url, {"smtp", "smtps"}):
        raise ConfigError(f"SMTP_URL is the address of no mail server; set it to {form}")
    return url or None


def base_url(environ: Environ, port: int) -> str:
    """The public address, without a slash at its end."""
    url = _address(environ, "BASE_URL")
    if not url and is_production(environ):
        raise missing_variable(
            environ, "BASE_URL", "set it to the public address, for example https://holdfast.example.org"
        )
    if url and not _is_host_alone(url):
        raise ConfigError(
            "BASE_URL is not the address of a host with nothing behind it; set it to one such as "
            "https://holdfast.example.org"
        )
    return (url or f"http://localhost:{port}").rstrip("/")


def mail_from(environ: Environ) -> str:
    """The sender of mail, by default of the public address's host."""
    host = urlsplit(_address(environ, "BASE_URL")).hostname or "localhost"
    named = environ.get("MAIL_FROM", "").strip()
    mailbox = parseaddr(named)[1]
    if named and not (named.isprintable() and re.fullmatch(r"[^@\s]+@[^@\s]+", mailbox)):
        raise ConfigError(f"MAIL_FROM is {named!r}; set it to a sender such as Holdfast <holdfast@{host}>")
    return named or f"Holdfast <holdfast@{host}>"


def security_contact(environ: Environ) -> str | None:
    """Where weaknesses are reported, as a URI: `mailto:` or `https:`."""
    named = environ.get("SECURITY_CONTACT", "").strip()
    contact = f"mailto:{named}" if "@" in named and ":" not in named else named
    if contact and not (contact.startswith(("mailto:", "https://")) and contact.isprintable() and " " not in contact):
        raise ConfigError(f"SECURITY_CONTACT is {named!r}; set it to an e-mail address or to an https:// page")
    return contact or None


def _address(environ: Environ, name: str) -> str:
    """What the variable holds, without the space around a pasted line; the scheme in small letters, as it is read."""
    return SCHEME.sub(lambda scheme: scheme[0].lower(), environ.get(name, "").strip(), count=1)


def _is_address(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and not any(map(str.isspace, url))


def _is_host_alone(url: str) -> bool:
    """Whether paths can be written behind it: the site is at the root of its host."""
    if not _is_address(url, {"http", "https"}):
        return False
    parts = urlsplit(url)
    return "@" not in parts.netloc and parts.path in {"", "/"} and "?" not in url and "#" not in url


def _is_for_sqlalchemy(url: str) -> bool:
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        return False
    return True


def _check_path(name: str, address: str) -> None:
    path = address.removeprefix(FOLDER)
    if path and not path.startswith("/"):
        raise ConfigError(
            f"{name} is {address!r}; write the whole path of the folder, for example folder:/srv/holdfast"
        )


def _refuse_on_dyno(environ: Environ, name: str) -> None:
    if is_on_dyno(environ):
        raise ConfigError(f"{name} lies on the dyno's disk, which is wiped daily; set it to a service outside of it")

"""What a failure means in an operator's words: its cause, and what to do about it; never a password or a key."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy.exc import SQLAlchemyError

from framework import config
from framework.celery.broker import BrokerAway
from framework.config import Config
from framework.database import causes as database_causes
from framework.email.delivery import MailServerAway
from framework.storage.contract import StoreRefused, StoreUnavailable

Causes = Mapping[str, str]
"""Sentences by patterns of what a part says of itself; the first that is found counts."""

STORE: Causes = {
    r"NoSuchBucket|^404": "the bucket {bucket} does not exist at {place}: create it, or set S3_BUCKET",
    r"InvalidAccessKeyId": "{place} knows no such key: set AWS_ACCESS_KEY_ID to one of its keys",
    r"SignatureDoesNotMatch": "the secret does not belong to the key: set AWS_SECRET_ACCESS_KEY again",
    r"AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraint|^301": (
        "the bucket {bucket} is in another region than {region}: set S3_REGION{right_region}"
    ),
    r"RequestTimeTooSkewed": "the clock of this machine is wrong: set it, by NTP",
    r"InvalidStorageClass|InvalidArgument.* CopyObject": (
        "{place} has no class {storage_class}: set or leave out ARCHIVE_STORAGE_CLASS"
    ),
    r"AccessDenied|AllAccessDisabled|^403": (
        "the key may not do this in the bucket {bucket}: let it read, write, list and delete there"
    ),
    r"NoCredentials|PartialCredentials": "no key is given: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    r"SSLError": "the certificate of {place} is not accepted: look at S3_ENDPOINT_URL",
    r"EndpointConnectionError|ConnectionClosed|ProxyConnection": (
        "nothing answers at {place}: correct S3_ENDPOINT_URL, or start the service"
    ),
    r"Timeout": "{place} does not answer: look at S3_ENDPOINT_URL, and at firewalls in between",
}
BROKER: Causes = {
    r"invalid username-password|WRONGPASS|NOAUTH|ACCESS_REFUSED|invalid password": (
        "{place} refuses the user or the password in {variable}: correct them"
    ),
    r"max number of clients": "{place} has no free connection: end what holds them, or take a larger plan",
    r"NOT_ALLOWED|vhost": "{place} has no such virtual host, or refuses this user there: correct the end of {variable}",
    r"connection refused": "nothing listens at {place}: start the broker, or correct {variable}",
    r"timed out|timeout": "{place} does not answer: look at {variable}, and at firewalls in between",
    r"name or service not known|nodename|resolution": "there is no host {host}: correct {variable}",
    r"certificate|ssl": "{place} does not speak TLS as we do: look at {variable}",
}
MAIL: Causes = {
    r"\(53[0-9]": "{place} refuses the user or the password in SMTP_URL: correct them",
    r"connection refused": "nothing listens at {place}: correct SMTP_URL, or start the mail server",
    r"offers no tls": (
        "{place} offers no TLS, and a password is not sent without: use its port with STARTTLS, mostly 587, or smtps://"
    ),
    r"auth extension not supported": "{place} takes no password on this port: use the one with TLS, mostly 587 or 465",
    r"timed out|timeout": (
        "{place} does not answer: look at SMTP_URL, and at firewalls in between; some hosts close port 25"
    ),
    r"name or service not known|nodename|resolution": "there is no host {host}: correct SMTP_URL",
    r"certificate|ssl": "the certificate of {place} is not accepted: look at the host in SMTP_URL",
}


def explain_failure(failure: Exception) -> str:
    """Cause and cure of what a check raised; what nobody has foreseen is told in its own words."""
    if isinstance(failure, SQLAlchemyError):
        return database_causes.in_words(failure)
    for kinds, causes, facts in (
        ((StoreRefused, StoreUnavailable), STORE, _store),
        ((BrokerAway,), BROKER, _broker),
        ((MailServerAway,), MAIL, _mail),
    ):
        if isinstance(failure, kinds):
            return _first(causes, list(_sayings(failure)), facts(config.current(), failure))
    return _on_one_line(str(failure))


def place_of(part: str) -> str | None:
    """Where a part is expected, for when it says nothing at all."""
    if part == "database":
        return database_causes.place()
    facts = {"store": _store, "broker": _broker, "mail": _mail}.get(part)
    return facts(config.current(), None)["place"] if facts else None


def _first(causes: Causes, sayings: list[str], facts: Mapping[str, str]) -> str:
    """The sentence of the first cause; the part's own words stand behind it in any case."""
    own = _on_one_line(sayings[-1])
    for saying in sayings:
        for pattern, sentence in causes.items():
            if re.search(pattern, saying, re.IGNORECASE):
                return f"{sentence.format(**facts)} ({own[:200]})"
    return own


def _sayings(failure: BaseException) -> Iterator[str]:
    """What the failure and those that caused it say, the outermost first."""
    seen: BaseException | None = failure
    while seen is not None:
        if isinstance(seen, ClientError):
            yield f"{seen.response.get('Error', {}).get('Code', '')}: {seen}"
        elif isinstance(seen, BotoCoreError):
            yield f"{type(seen).__name__}: {seen}"
        else:
            yield str(seen) or type(seen).__name__
        seen = seen.__cause__


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _store(settings: Config, failure: object) -> dict[str, str]:
    region = settings.s3_region or "us-east-1"
    return {
        "place": settings.s3_endpoint_url or f"Amazon S3 in {region}",
        "bucket": settings.s3_bucket or "",
        "region": region,
        "right_region": _right_region(failure),
        "storage_class": settings.archive_storage_class or "",
    }


def _right_region(failure: object) -> str:
    """` to eu-west-1`, where the service tells it."""
    cause = getattr(failure, "__cause__", None)
    if not isinstance(cause, ClientError):
        return ""
    told = cause.response.get("Error", {}).get("Region")
    headers = cause.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = told or headers.get("x-amz-bucket-region")
    return f" to {region}" if region else " to the one that the service's console shows"


def _broker(settings: Config, _failure: object) -> dict[str, str]:
    address = urlsplit(settings.broker_url)
    usual = 5672 if address.scheme.startswith("amqp") else 6379
    host = address.hostname or "localhost"
    return {"place": f"{host}:{address.port or usual}", "host": host, "variable": "BROKER_URL (or the add-on's)"}


def _mail(settings: Config, _failure: object) -> dict[str, str]:
    address = urlsplit(settings.smtp_url or "")
    host = address.hostname or "localhost"
    usual = 465 if address.scheme == "smtps" else 587 if address.username else 25
    return {"place": f"{host}:{address.port or usual}", "host": host}

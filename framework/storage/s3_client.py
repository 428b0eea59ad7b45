"""The boto3 client: one request for each call, and nothing that only one vendor's service understands."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.auth import AUTH_TYPE_MAPS, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config as ClientConfig
from botocore.model import OperationModel

from framework.config import Config
from framework.storage.retries import RetryPolicy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DEFAULT_REGION = "us-east-1"
BY_METADATA = "holdfast-s3v4"


def make_client(settings: Config, policy: RetryPolicy) -> "S3Client":
    """A client for the settings' service; retries are `retry`'s, which knows a deadline."""
    client = _session().client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region or DEFAULT_REGION,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=settings.s3_secret_access_key,
        config=_client_config(settings, policy),
    )
    client.meta.events.register_last("before-call.s3", _drop_expect)
    client.meta.events.register_first("choose-signer.s3.PutObject", _choose_signature)  # type: ignore[arg-type] # stubs know no answers
    return client


@lru_cache(maxsize=1)
def _session() -> boto3.session.Session:
    """The service's description, which takes botocore a tenth of a second to read, kept for the next client."""
    return boto3.session.Session()


def _client_config(settings: Config, policy: RetryPolicy) -> ClientConfig:
    return ClientConfig(
        signature_version="s3v4",
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=policy.connect_timeout_seconds,
        read_timeout=policy.read_timeout_seconds,
        max_pool_connections=settings.s3_connections,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={
            "addressing_style": "path" if settings.s3_endpoint_url else "auto",
            "payload_signing_enabled": True,
        },
    )


def _drop_expect(model: OperationModel, params: dict[str, Any], **_event: object) -> None:
    """Do not ask "may I?" before a body, as botocore does: a second round trip for nothing below multipart's size."""
    if model.name == "PutObject":
        params["headers"].pop("Expect", None)


def _choose_signature(signature_version: str, **_event: object) -> str | None:
    """The signature of what is sent here; an address that is signed for others to send to has no body yet."""
    return BY_METADATA if signature_version == "s3v4" else None


class MetadataAuth(S3SigV4Auth):
    """Signs the SHA-256 in an object's metadata, with which the service compares what arrives.

    botocore's own reads the whole body before it is sent, to find out what has been known since it was written.
    """

    def payload(self, request: AWSRequest) -> str:
        """The SHA-256 of the body."""
        return str(request.headers["x-amz-meta-sha256"])


AUTH_TYPE_MAPS[BY_METADATA] = MetadataAuth

"""Large objects in parts: S3 takes 5 GiB in one request, and a part that fails costs only itself."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3transfer.utils import ReadFileChunk

from framework.errors import HoldfastError
from framework.files import sha256_of
from framework.storage.bodies import PacedBody
from framework.storage.contract import BodyAltered, ObjectMissing, StoreUnavailable
from framework.storage.counting import METER
from framework.storage.retries import RetryPolicy, retry
from framework.storage.s3_answers import translate_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

log = logging.getLogger(__name__)

MOST_PARTS = 10_000


@dataclass(frozen=True)
class MultipartUpload:
    """One object sent in parts; its bytes appear under the key at once, with the last request, or never."""

    client: "S3Client"
    bucket: str
    key: str
    source: Path
    policy: RetryPolicy

    def send(self, part_bytes: int, sha256: str) -> None:
        """Send the file, whose SHA-256 (hex) is compared first.

        Raises:
            BodyAltered, StoreUnavailable, StoreRefused.
        """
        if sha256_of(self.source) != sha256:
            raise BodyAltered(self.key)
        upload_id = retry(self.policy, partial(self._begin, sha256))
        try:
            parts = list(self._parts(upload_id, part_bytes))
            retry(self.policy, partial(self._complete, upload_id, parts))
        except HoldfastError:
            self._abort(upload_id)
            raise

    def _parts(self, upload_id: str, part_bytes: int) -> Iterator["CompletedPartTypeDef"]:
        size = self.source.stat().st_size
        step = max(part_bytes, -(-size // MOST_PARTS))
        for number, start in enumerate(range(0, size, step), 1):
            yield retry(self.policy, partial(self._part, upload_id, number, start, step))

    def _begin(self, sha256: str) -> str:
        with translate_errors(self.key), METER.request("multipart"):
            answer = self.client.create_multipart_upload(Bucket=self.bucket, Key=self.key, Metadata={"sha256": sha256})
        return answer["UploadId"]

    def _part(self, upload_id: str, number: int, start: int, step: int) -> "CompletedPartTypeDef":
        with (
            translate_errors(self.key),
            METER.request("multipart") as made,
            ReadFileChunk.from_filename(str(self.source), start, step) as part,
        ):
            made.sent_bytes = len(part)
            body: Any = PacedBody(self.policy, part)
            answer = self.client.upload_part(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
            )
        return {"ETag": answer["ETag"], "PartNumber": number}

    def _complete(self, upload_id: str, parts: list["CompletedPartTypeDef"]) -> None:
        """Join the parts; the upload is unknown to the service when an unanswered request has joined them already."""
        try:
            self._complete_once(upload_id, parts)
        except ObjectMissing:
            if not retry(self.policy, self._is_joined):
                raise StoreUnavailable from None

    def _complete_once(self, upload_id: str, parts: list["CompletedPartTypeDef"]) -> None:
        with translate_errors(self.key), METER.request("multipart"):
            self.client.complete_multipart_upload(
                Bucket=self.bucket, Key=self.key, UploadId=upload_id, MultipartUpload={"Parts": parts}
            )

    def _is_joined(self) -> bool:
        try:
            with translate_errors(self.key), METER.request("head"):
                answer = self.client.head_object(Bucket=self.bucket, Key=self.key)
        except ObjectMissing:
            return False
        return answer["ContentLength"] == self.source.stat().st_size

    def _abort(self, upload_id: str) -> None:
        """Give the parts back; what is not given back now is left to the bucket's rule for unfinished uploads."""
        _call_or_warn(self._abort_once, upload_id)

    def _abort_once(self, upload_id: str) -> None:
        with translate_errors(self.key), METER.request("multipart"):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=upload_id)


def _call_or_warn(call: Callable[[str], None], upload_id: str) -> None:
    try:
        call(upload_id)
    except HoldfastError as error:
        log.warning("the parts of upload %s stay behind: %s", upload_id, error)

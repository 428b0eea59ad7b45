"""Any S3-compatible service as the object store: PUT, GET, range, HEAD, LIST, DELETE, multipart and presigning only.

Where archived projects go to a cheaper class (`ARCHIVE_STORAGE_CLASS`), COPY is asked for, too.
"""

import hashlib
import re
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from framework.config import Config
from framework.files import CHUNK_BYTES
from framework.formatting import MIB
from framework.storage.bodies import CheckedBody
from framework.storage.contract import (
    BodyAltered,
    Fetched,
    ObjectMissing,
    ObjectStore,
    StoredObject,
    StoreUnavailable,
)
from framework.storage.counting import METER
from framework.storage.multipart import MultipartUpload
from framework.storage.retries import RetryPolicy, pace, retry
from framework.storage.s3_answers import code_of, raise_alarm, translate_errors
from framework.storage.s3_client import make_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import StorageClassType
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, ListObjectsV2OutputTypeDef

SENT_WITH_HEADERS_BYTES = 128 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/")


class S3Store(ObjectStore):
    """Objects of one bucket; `multipart_bytes` is the length above which a file is sent in parts."""

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        *,
        policy: RetryPolicy | None = None,
        multipart_bytes: int = 256 * MIB,
        part_bytes: int = 64 * MIB,
    ) -> None:
        self._client, self._bucket, self._policy = client, bucket, policy or RetryPolicy()
        self._multipart_bytes, self._part_bytes = multipart_bytes, part_bytes

    def close(self) -> None:
        """Close the pooled connections."""
        self._client.close()

    def _put(self, key: str, source: bytes | Path, sha256: str) -> None:
        if isinstance(source, Path) and source.stat().st_size > self._multipart_bytes:
            MultipartUpload(self._client, self._bucket, key, source, self._policy).send(self._part_bytes, sha256)
        else:
            retry(self._policy, partial(self._put_once, key, source, sha256))

    def _put_once(self, key: str, source: bytes | Path, sha256: str) -> None:
        with translate_errors(key), BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            size = file.seek(0, SEEK_END)
            file.seek(0)
            body: Any = CheckedBody(self._policy, file, key, size, sha256)
            if size <= SENT_WITH_HEADERS_BYTES:
                body = body.read()  # it travels in the headers' own packet, and is checked before they leave
            with METER.request("put", sent_bytes=size):
                self._client.put_object(Bucket=self._bucket, Key=key, Body=body, Metadata={"sha256": sha256})

    def _fetch(self, key: str, target: Path) -> Fetched:
        return retry(self._policy, partial(self._fetch_once, key, target))

    def _fetch_once(self, key: str, target: Path) -> Fetched:
        digest, size = hashlib.sha256(), 0
        with translate_errors(key), METER.request("get") as made, target.open("wb") as file:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            for chunk in self._stream_body(answer):
                made.received_bytes += len(chunk)
                digest.update(chunk)
                file.write(chunk)
                size += len(chunk)
        return _check_fetched(key, answer, Fetched(size, digest.hexdigest()))

    def _read(self, key: str) -> bytes:
        return retry(self._policy, partial(self._read_once, key))

    def _read_once(self, key: str) -> bytes:
        with translate_errors(key), METER.request("get") as made:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            body = b"".join(self._stream_body(answer))
            made.received_bytes = len(body)
        _check_fetched(key, answer, Fetched(len(body), hashlib.sha256(body).hexdigest()))
        return body

    def _stream(self, key: str, start: int, length: int | None) -> Generator[bytes, None, None]:
        """A connection that breaks in the middle is taken up once where it broke."""
        position, end = start, None if length is None else start + length
        for resumed in (False, True):
            try:
                for chunk in self._range(key, position, end):
                    position += len(chunk)
                    yield chunk
            except (BodyAltered, StoreUnavailable):
                if resumed:
                    raise
            else:
                return

    def _range(self, key: str, start: int, end: int | None) -> Iterator[bytes]:
        if start == end:
            return
        answer = retry(self._policy, partial(self._open_range, key, start, end))
        chunks = self._stream_body(answer) if answer else iter(())
        while chunk := _next(key, chunks):
            METER.count_received("range", len(chunk))
            yield chunk

    def _open_range(self, key: str, start: int, end: int | None) -> "GetObjectOutputTypeDef | None":
        """The answer that begins at `start`; None where the object has ended by then."""
        wanted = f"bytes={start}-" if end is None else f"bytes={start}-{end - 1}"
        with translate_errors(key), METER.request("range"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=wanted)
            except ClientError as error:
                if code_of(error) == "InvalidRange":
                    return None
                raise
        sent = _CONTENT_RANGE.match(answer.get("ContentRange", ""))
        if sent is None or int(sent[1]) != start or int(sent[2]) - start + 1 != answer["ContentLength"]:
            answer["Body"].close()
            raise BodyAltered(key)
        return answer

    def _stream_body(self, answer: "GetObjectOutputTypeDef") -> Iterator[bytes]:
        with closing(answer["Body"]) as body:
            yield from pace(self._policy, body.iter_chunks(CHUNK_BYTES))

    def _size(self, key: str) -> int:
        return retry(self._policy, partial(self._size_once, key))

    def _size_once(self, key: str) -> int:
        try:
            with translate_errors(key), METER.request("head"):
                return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        except ObjectMissing:
            self._refuse_missing_bucket()
            raise

    def _refuse_missing_bucket(self) -> None:
        """A HEAD's 404 has no body to tell a missing object from a missing bucket."""
        with translate_errors(self._bucket), METER.request("head"):
            try:
                self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if code_of(error) in {"404", "NoSuchBucket"}:
                    raise_alarm(error)
                raise

    def _list(self, prefix: str, after: str) -> Iterator[StoredObject]:
        more: dict[str, Any] = {"StartAfter": after} if after else {}
        while True:
            page = retry(self._policy, partial(self._page, prefix, more))
            for line in page.get("Contents", []):
                yield StoredObject(line["Key"], line["Size"], line["LastModified"])
            if not page["IsTruncated"]:
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, prefix: str, more: dict[str, Any]) -> "ListObjectsV2OutputTypeDef":
        with translate_errors(prefix), METER.request("list"):
            return self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **more)

    def _delete(self, key: str) -> None:
        retry(self._policy, partial(self._delete_once, key))

    def _delete_once(self, key: str) -> None:
        with translate_errors(key), METER.request("delete"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def _change_class(self, key: str, storage_class: str, sha256: str) -> None:
        retry(self._policy, partial(self._copy_onto_itself, key, storage_class, sha256))

    def _copy_onto_itself(self, key: str, storage_class: str, sha256: str) -> None:
        """It is in the other class at once or not at all; a copy that replaces the metadata may be repeated."""
        with translate_errors(key), METER.request("copy"):
            self._client.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": key},
                StorageClass=cast("StorageClassType", storage_class),
                MetadataDirective="REPLACE",
                Metadata={"sha256": sha256},
            )

    def _presign(self, operation: str, named: dict[str, str | int], seconds: int) -> str:
        return self._client.generate_presigned_url(
            operation, Params={"Bucket": self._bucket, **named}, ExpiresIn=seconds
        )


def _check_fetched(key: str, answer: "GetObjectOutputTypeDef", fetched: Fetched) -> Fetched:
    """What arrived, when its length and its hash are those that were stored; presigned PUTs have stored no hash."""
    stored = answer["Metadata"].get("sha256", fetched.sha256)
    if fetched.sha256 != stored or fetched.size_bytes != answer["ContentLength"]:
        raise BodyAltered(key)
    return fetched


def _next(key: str, chunks: Iterator[bytes]) -> bytes:
    with translate_errors(key):
        return next(chunks, b"")


def open_bucket(settings: Config, policy: RetryPolicy) -> S3Store:
    """The bucket of these settings."""
    return S3Store(make_client(settings, policy), settings.s3_bucket or "", policy=policy)

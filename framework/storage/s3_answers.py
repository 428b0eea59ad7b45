"""What an S3 service's answers and silences mean in the contract's terms."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError, ResponseStreamingError
from urllib3.exceptions import HTTPError

from framework.errors import HoldfastError
from framework.storage.contract import BodyAltered, StoreRefused, StoreUnavailable, missing_object

log = logging.getLogger(__name__)

ALTERED = {"BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest", "IncompleteBody"}
MISSING = {"NoSuchKey", "NoSuchUpload"}
REPEATABLE = {"RequestTimeout", "SlowDown", "Throttling", "OperationAborted", "TooManyRequests"}


@contextmanager
def translate_errors(key: str) -> Iterator[None]:
    """Turn every failure of one request about `key` into the contract's.

    Raises:
        ObjectMissing, StoreRefused, BodyAltered, StoreUnavailable.
    """
    try:
        yield
    except ClientError as error:
        meaning = _translate(key, error)
        if isinstance(meaning, StoreRefused):
            raise_alarm(error)
        if isinstance(meaning, StoreUnavailable):
            log.warning("the object store failed: %s", error)
        raise meaning from error
    except (IncompleteReadError, ResponseStreamingError) as error:
        raise BodyAltered(key) from error
    except (BotoCoreError, HTTPError) as error:
        if isinstance(getattr(error, "kwargs", {}).get("error"), BodyAltered):  # the body refused to be sent
            raise BodyAltered(key) from error
        log.warning("the object store does not answer: %s", error)
        raise StoreUnavailable from error


def code_of(error: ClientError) -> str:
    """The service's own word for the failure, or the status where the answer has no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def raise_alarm(error: ClientError) -> NoReturn:
    """Call the operator: keys, rights or the bucket's name are wrong, and nothing works until they are right.

    Raises:
        StoreRefused.
    """
    log.critical("ALARM: the object store refuses us: %s", error)
    raise StoreRefused from error


def _translate(key: str, error: ClientError) -> HoldfastError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = code_of(error)
    if code in ALTERED:
        return BodyAltered(key)
    if status >= 500 or status == 429 or code in REPEATABLE:
        return StoreUnavailable()
    if code in MISSING or (code == "404" and error.operation_name == "HeadObject"):
        return missing_object(key)
    return StoreRefused()

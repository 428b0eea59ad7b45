"""Requests to the providers that the settings name: https, no redirects, five seconds, 256 KiB, JSON."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from framework.errors import Unavailable

TIMEOUT_SECONDS = 5
DEADLINE_SECONDS = 10
MOST_BYTES = 256 * 1024
PIECE_BYTES = 16 * 1024

_pool = urllib3.PoolManager(num_pools=8, maxsize=2, retries=False)


class ProviderUnavailable(Unavailable):
    """A provider does not answer, or not as it should."""

    fallback_link = ("Sign in another way", "/login")

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} does not answer as it should, so you cannot sign in there now. Try again later.")


def fetch_json(
    name: str, address: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: str | None = None
) -> Any:
    """The JSON that a provider of this name answers, whatever its status says.

    Raises:
        ProviderUnavailable: there is no answer in time, or it is too long or no JSON.
    """
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Holdfast", **(headers or {})}
    try:
        answer = _pool.request(
            method,
            address,
            headers=sent,
            body=body,
            timeout=TIMEOUT_SECONDS,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            return json.loads(_read(answer))
        finally:
            answer.close()
    except (HTTPError, OSError, ValueError, RecursionError) as error:
        raise ProviderUnavailable(name) from error


def is_as_safe(address: object, issuer: str) -> bool:
    """Whether this is an address that can be asked, by https unless the provider itself is at home."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return bool(parts.hostname) and parts.scheme in {"https", urlsplit(issuer).scheme}


def _read(answer: urllib3.BaseHTTPResponse) -> bytes:
    ends, found = time.monotonic() + DEADLINE_SECONDS, bytearray()
    while piece := answer.read(PIECE_BYTES):
        found += piece
        if len(found) > MOST_BYTES or time.monotonic() > ends:
            raise ValueError("the answer is too long, or takes too long")
    return bytes(found)

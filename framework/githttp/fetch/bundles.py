"""Bundles: what a clone may download first, straight from the object store, instead of having git count and pack."""

from flask import Response, request

from framework.gitcore import git
from framework.repositories.serve.bundle import Bundle, offered_bundle, read_bundle
from framework.web.streaming import stream_response

ADVERTISES_BUNDLES = (2, 40)
"""The first version of git whose upload-pack tells of bundles (gitprotocol-v2(5), bundle-uri)."""


def send(repository_id: str) -> Response:
    """The project's bundle, or the range of its bytes that the request asks for (RFC 9110, section 14).

    Raises:
        BundleAbsent. What the store raises, before the first byte.
    """
    found = read_bundle(repository_id)
    wanted = request.range.range_for_length(found.size_bytes) if request.range and _is_same(found) else None
    if request.range and _is_same(found) and wanted is None:
        return Response(status=416, headers={"Content-Range": f"bytes */{found.size_bytes}"})
    start, end = wanted or (0, found.size_bytes)
    answer = stream_response(
        found.chunks(start, end - start),
        Content_Type="application/x-git-bundle",
        Content_Length=str(end - start),
        Accept_Ranges="bytes",
        Cache_Control="private, no-cache",
    )
    answer.set_etag(found.version)
    if wanted:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size_bytes}"
    return answer


def settings_for(repository_id: str, address: str) -> dict[str, str]:
    """The environment in which upload-pack tells of the project's bundle at this address; nothing where it cannot."""
    if not _can_advertise() or offered_bundle(repository_id) is None:
        return {}
    told = {
        "uploadpack.advertiseBundleURIs": "true",
        "bundle.version": "1",
        "bundle.mode": "all",
        "bundle.consolidated.uri": address,
    }
    named = {f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(told)}
    given = {f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(told.values())}
    return {"GIT_CONFIG_COUNT": str(len(told)), **named, **given}


def _is_same(found: Bundle) -> bool:
    """Whether a range that continues an earlier download continues this bundle (If-Range)."""
    given = request.if_range
    return (given.etag is None and given.date is None) or given.etag == found.version


def _can_advertise() -> bool:
    major, minor = (git.version() or "0.0").split(".")[:2]
    return (int(major), int(minor)) >= ADVERTISES_BUNDLES

"""Bundles: what a clone may download first, straight from the object store, instead of having git count and pack."""

from flask import Response, request

from framework.gitcore import git
from framework.repositories.serve.bundle import choose_bundle, read_bundle
from framework.web.byte_ranges import serve_range

ADVERTISES_BUNDLES = (2, 40)
"""The first version of git whose upload-pack tells of bundles (gitprotocol-v2(5), bundle-uri)."""


def send(repository_id: str) -> Response:
    """The project's bundle, or the range of its bytes that the request asks for.

    Raises:
        BundleAbsent, RangeAbsent. What the store raises, before the first byte.
    """
    found = read_bundle(repository_id)
    answer = serve_range(request, found.size_bytes, found.version, found.chunks)
    answer.headers["Content-Type"] = "application/x-git-bundle"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def settings_for(repository_id: str, address: str) -> dict[str, str]:
    """The environment in which upload-pack tells of the project's bundle at this address; nothing where it cannot."""
    if git.version_numbers() < ADVERTISES_BUNDLES or choose_bundle(repository_id) is None:
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

"""Names of variables that are nearly ours: a misspelt one would be left unread without a word."""

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

SHORTEST_NAME = 6
"""Shorter names have neighbours that mean other things, such as HOST and PORT."""
MOST_UNMATCHED = 2
"""Letters that one of two names has and the other lacks: two where a letter is changed, or two are swapped."""


def misspelt(environ: Mapping[str, str], known: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Variables that are nearly one of ours that is not set: each with the name that may be meant."""
    unset = sorted(name for name in known if not environ.get(name))
    return tuple((found, name) for name in unset for found in lookalikes(environ, name) if found not in known)


def lookalikes(environ: Mapping[str, str], name: str) -> Iterator[str]:
    """The names in the environment that differ from this one by a letter or two, or by their case."""
    if len(name) < SHORTEST_NAME:
        return
    yield from (found for found in sorted(environ) if found != name and _is_like(found.upper(), name))


def _is_like(found: str, name: str) -> bool:
    if found[:1] != name[0] or abs(len(found) - len(name)) > MOST_UNMATCHED:
        return False
    matched = sum(block.size for block in SequenceMatcher(None, found, name, autojunk=False).get_matching_blocks())
    return len(found) + len(name) - 2 * matched <= MOST_UNMATCHED

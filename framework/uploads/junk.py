"""Files that systems and programs leave behind and that nobody means to publish."""

import re
from collections.abc import Sequence

_KINDS: Sequence[tuple[re.Pattern[str], str]] = (
    (
        re.compile(r"(?:^|/)(?:(?:__MACOSX|\.AppleDouble|\.Spotlight-V100|\.Trashes)/|(?:\.DS_Store|\._[^/]+)$)"),
        "macOS keeps this for itself.",
    ),
    (
        re.compile(r"(?:^|/)(?:\$RECYCLE\.BIN/|(?:Thumbs\.db|ehthumbs\.db|desktop\.ini)$)", re.IGNORECASE),
        "Windows keeps this for itself.",
    ),
    (re.compile(r"~$|(?:^|/)(?:~\$[^/]+|\.~lock\.[^/]+#|\.[^/]+\.sw[op]|#[^/]+#)$"), "An editor's spare copy or lock."),
    (re.compile(r"(?:^|/)\.ipynb_checkpoints/"), "Jupyter's copy of an older state."),
    (re.compile(r"(?:^|/)__pycache__/|\.py[co]$"), "Python makes this anew from the source."),
    (re.compile(r"(?:^|/)(?:\.Rproj\.user/|(?:\.Rhistory|\.Rapp\.history)$)"), "R's notes on one person's work."),
)


def explain_junk(path: str) -> str:
    """What makes the file one that is left out unless somebody wants it, in a sentence; empty for other files."""
    return next((reason for pattern, reason in _KINDS if pattern.search(path)), "")


def name_junk(path: str) -> str:
    """The name of the file, or of the folder above it, that makes it junk; the file's own for others."""
    found = next((match for pattern, _reason in _KINDS if (match := pattern.search(path))), None)
    return path.rpartition("/")[2] if found is None or found.end() == len(path) else found.group().strip("/")

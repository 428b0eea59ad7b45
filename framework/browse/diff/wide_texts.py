"""What differs in texts that git takes for binary, since every other byte of UTF-16 is NUL: compared as UTF-8."""

from collections.abc import Mapping, Sequence

from dulwich.objects import Blob

from framework.browse.render.encodings import decode, detect_mark
from framework.gitcore import git
from framework.gitcore.pack_writer import PackWriter
from framework.gitcore.ref_names import NO_OBJECT
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.hydration import lay_out
from framework.repositories.cache.scratch import scratch
from framework.repositories.history.folders import read_blobs

MOST_FILES = 20


def diff_wide_texts(copy: Copy, sides: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """What `git diff` says of these pairs of blobs, as far as both are texts that a byte order mark names.

    A file that is new or gone has zeros for the side that it lacks.
    """
    chosen = sides[:MOST_FILES]
    contents = dict(read_blobs(copy, sorted({sha for pair in chosen for sha in pair} - {NO_OBJECT})))
    texts = {sha: decode(data).text.encode() for sha, data in contents.items() if detect_mark(data)}
    texts[NO_OBJECT] = b""
    readable = [pair for pair in chosen if texts.keys() >= set(pair)]
    return _compare(readable, {sha: Blob.from_string(text) for sha, text in texts.items()}) if readable else {}


def _compare(pairs: Sequence[tuple[str, str]], blobs: Mapping[str, Blob]) -> dict[tuple[str, str], str]:
    with scratch("texts") as folder:
        lay_out(folder)
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        with PackWriter(folder / "objects" / "pack" / "pack-texts.pack") as writer:
            for blob in blobs.values():
                writer.add(blob)
            writer.finish()
        options = ("--no-color", "--no-ext-diff", "--no-textconv", "--end-of-options")
        return {
            (old, new): git.run(folder, "diff", *options, blobs[old].id.decode(), blobs[new].id.decode()).decode()
            for old, new in pairs
        }

"""What differs in texts that git takes for binary: UTF-16, where every other byte is NUL, and office documents."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from dulwich.objects import Blob

from framework.browse.diff.rich import read_content
from framework.browse.diff.sandboxed import read_words
from framework.browse.render.encodings import decode, is_wide
from framework.browse.render.office.words import WITH_WORDS
from framework.errors import Unavailable
from framework.gitcore import git
from framework.gitcore.pack_writer import PackWriter
from framework.gitcore.ref_names import NO_OBJECT
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.hydration import lay_out
from framework.repositories.cache.scratch import scratch
from framework.repositories.history.folders import read_blobs

MOST_FILES, MOST_PAPERS = 20, 6


def diff_hidden_texts(copy: Copy, sides: Sequence[tuple[str, str, str]]) -> Mapping[tuple[str, str], str]:
    """What `git diff` says of the texts in these pairs of blobs (path, before, now), as far as both have one.

    That is a text in UTF-16, or a document of an office program. A file that is new or gone has
    zeros for the side that it lacks; documents with the same words are left out.
    """
    chosen = sides[:MOST_FILES]
    wanted = {sha for _path, *pair in chosen for sha in pair} - {NO_OBJECT}
    contents = dict(read_blobs(copy, sorted(wanted)))
    for sha in wanted - contents.keys():
        with suppress(Unavailable):  # the page has their sizes all the same
            contents[sha] = read_content(copy, sha)
    texts = {sha: decode(data).text.encode() for sha, data in contents.items() if is_wide(data)}
    texts |= _read_papers(copy.snapshot.repository_id, chosen, contents)
    texts[NO_OBJECT] = b""
    readable = [(old, new) for _path, old, new in chosen if texts.keys() >= {old, new} and texts[old] != texts[new]]
    return _compare(readable, {sha: Blob.from_string(text) for sha, text in texts.items()}) if readable else {}


def _read_papers(
    repository_id: str, sides: Sequence[tuple[str, str, str]], contents: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The words of the documents among these, a paragraph a line."""
    found = [(PurePosixPath(path.lower()).suffix, pair) for path, *pair in sides if path.lower().endswith(WITH_WORDS)]
    words = {
        sha: read_words(repository_id, ending, contents[sha])
        for ending, pair in found[:MOST_PAPERS]
        for sha in pair
        if sha in contents
    }
    return {sha: text.encode() for sha, text in words.items() if text is not None}


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

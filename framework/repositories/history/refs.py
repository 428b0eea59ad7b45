"""The branches, tags and commits that a text names."""

from collections.abc import Collection

from framework.gitcore import git
from framework.gitcore.ref_names import HEADS, TAGS
from framework.repositories.cache.copy import Copy
from framework.repositories.catalog.snapshot import Snapshot
from framework.repositories.history.absent import CommitLost, RefAbsent


def full_name(refs: Collection[str], name: str) -> str | None:
    """The ref that a name in an address means: one by its full name, else a branch, else a tag; None for neither."""
    return next((ref for ref in (name, HEADS + name, TAGS + name) if ref in refs), None)


def resolve(copy: Copy, name: str) -> str:
    """The commit that a branch, a tag or a full object name stands for; `refs/tags/NAME` is the tag in any case.

    Raises:
        RefAbsent: there is none.
    """
    full = full_name(copy.snapshot.refs, name)
    sha = copy.snapshot.refs[full] if full else None
    if sha is None and (len(name) != 40 or not set(name) <= set("0123456789abcdef")):
        raise RefAbsent(name)
    if sha is None and not copy.has(name):
        raise RefAbsent(name)
    return copy.commit(sha or name).id.decode()


def split_ref(copy: Copy, text: str) -> tuple[str, str]:
    """The ref and the path in `ref/path`, where a ref may hold slashes: the longest ref that exists wins.

    A ref by its full name, as in `refs/tags/v1/path`, wins over any other.

    Raises:
        RefAbsent: no beginning of the text is a ref or a commit.
    """
    steps, refs = text.strip("/").split("/"), copy.snapshot.refs
    beginnings = ["/".join(steps[:count]) for count in range(len(steps), 0, -1)]
    found = next((ref for ref in beginnings if ref in refs), None)
    found = found or next((ref for ref in beginnings if full_name(refs, ref)), None)
    if found:
        return found, text.strip("/")[len(found) + 1 :]
    resolve(copy, steps[0])
    return steps[0], "/".join(steps[1:])


def split_branch(snapshot: Snapshot, text: str) -> tuple[str, str]:
    """The branch and the folder in `branch/folder`: the longest branch that exists wins, an empty text is the default.

    Raises:
        RefAbsent: no beginning of the text is a branch, nor the default branch of a project without one.
    """
    steps = text.strip("/").split("/") if text.strip("/") else [snapshot.default_branch]
    for count in range(len(steps), 0, -1):
        branch = "/".join(steps[:count])
        is_default = branch == snapshot.default_branch
        if snapshot.find_branch(branch) or (is_default and not snapshot.branches):
            return branch, "/".join(steps[count:])
    raise RefAbsent(steps[0])


def refuse_lost(copy: Copy, commit_sha: str) -> None:
    """Let a commit pass that a branch or a tag leads to: only of these is it sure that all their files are kept.

    Raises:
        ObjectAbsent, CommitLost.
    """
    sha = copy.commit(commit_sha).id.decode()
    if not git.run(copy.path, "for-each-ref", f"--contains={sha}", "--count=1", "--format=%(refname)"):
        raise CommitLost(sha)

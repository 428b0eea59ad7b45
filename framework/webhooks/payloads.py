"""The JSON that is sent, in GitHub's words; made from what a worker reads when it first tries to deliver."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from framework import config
from framework.gitcore.ref_names import HEADS, TAGS
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import read_copy
from framework.repositories.history.log import CommitEntry, read_log
from framework.webhooks.outgoing import HAND_IN, PUSH, STATUS

LISTED_COMMITS = 20
LONGEST_MESSAGE = 1000
NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class ToldProject:
    """What is told of the project of an event."""

    id: int
    owner: str
    name: str
    is_private: bool
    repository_id: str
    default_branch: str

    @property
    def page(self) -> str:
        """The address of its page."""
        return f"{config.current().base_url}/{self.owner}/{self.name}"


def make_body(
    event: str, facts: Mapping[str, Any], project: ToldProject | None, *, hook_id: int, happened_at: datetime
) -> str:
    """The body of a delivery.

    Raises:
        What `read_copy` raises: the project cannot be read now.
    """
    told: dict[str, Any] = {"hook_id": hook_id, "happened_at": happened_at.isoformat(timespec="seconds")}
    if project:
        told["repository"] = _describe_project(project)
    if project and event == PUSH:
        told |= _describe_push(facts, project)
    elif event in {STATUS, HAND_IN}:
        told |= facts
    return json.dumps(told, ensure_ascii=False)


def _describe_project(project: ToldProject) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "full_name": f"{project.owner}/{project.name}",
        "owner": {"name": project.owner},
        "private": project.is_private,
        "default_branch": project.default_branch,
        "html_url": project.page,
        "clone_url": f"{project.page}.git",
    }


def _describe_push(facts: Mapping[str, Any], project: ToldProject) -> dict[str, Any]:
    before, after = facts["before"], facts["after"]
    commits = read_copy(project.repository_id, lambda copy: _read_commits(copy, facts["ref"], before, after))
    listed = [_describe_commit(commit, project) for commit in reversed(commits[:LISTED_COMMITS])]
    return {
        "ref": facts["ref"],
        "before": before or NO_COMMIT,
        "after": after or NO_COMMIT,
        "created": before is None,
        "deleted": after is None,
        "compare": f"{project.page}/compare/{before}...{after}" if before and after else None,
        "commits": listed,
        "more_commits": len(commits) > LISTED_COMMITS,
        "head_commit": listed[-1] if listed else None,
        "pusher": {"name": facts["actor"]},
    }


def _read_commits(copy: Copy, ref: str, before: str | None, after: str | None) -> list[CommitEntry]:
    """What the ref gained, newest first, and one more than is listed where there are more; of a tag its commit.

    None when it was deleted, or its commits are gone meanwhile.
    """
    if after is None or not copy.has(after) or not ref.startswith((HEADS, TAGS)):
        return []
    if ref.startswith(TAGS):
        return read_log(copy, after, limit=1)
    between = f"{before}..{after}" if before and copy.has(before) else after
    return read_log(copy, between, limit=LISTED_COMMITS + 1)


def _describe_commit(commit: CommitEntry, project: ToldProject) -> dict[str, Any]:
    return {
        "id": commit.sha,
        "message": commit.message[:LONGEST_MESSAGE],
        "timestamp": commit.authored_at.isoformat(),
        "url": f"{project.page}/commit/{commit.sha}",
        "author": {"name": commit.author_name[:LONGEST_MESSAGE], "email": commit.author_email[:LONGEST_MESSAGE]},
    }

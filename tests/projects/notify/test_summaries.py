"""What mails tell of a project: sentences about who did how much, and the newest versions."""

import pytest

from framework.projects.notify.summaries import LISTED, Happened, story

LINK = "http://localhost/alice/garden"


def happened(kind: str, actor: str = "alice", **details: object) -> Happened:
    """An event with a version."""
    return Happened(actor, kind, {"sha": "c" * 40, "title": "Plans", **details})


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([happened("upload", file_count=1)], "alice uploaded 1 file."),
        ([happened("upload", file_count=1200)], "alice uploaded 1,200 files."),
        ([happened("upload", files=["a", "b"])] * 2, "alice uploaded 4 files in 2 versions."),
        ([happened("commit", file_count=2)], "alice changed 2 files."),
        ([happened("push", branch="main", commits=3)], "alice pushed 3 new commits to main."),
        ([happened("push", branch="main", commits=0)], "alice pushed to main."),
        ([happened("push", tag="v1")], "alice pushed to v1."),
        ([Happened("alice", "push", {"deleted": "old"})], "alice deleted old."),
        (
            [happened("upload", file_count=1), happened("push", branch="a", commits=1), happened("push", branch="b")],
            "alice uploaded 1 file and pushed 1 new commit to a and b.",
        ),
        ([Happened("alice", "settings", {})], "alice changed something."),
    ],
)
def test_it_says_what_somebody_did(events: list[Happened], sentence: str) -> None:
    [actor] = story("alice/garden", LINK, events).actors
    assert actor.sentence == sentence


def test_the_newest_come_first_and_the_rest_is_counted() -> None:
    events = [happened("upload", file_count=1, title=f"Version {number}") for number in range(LISTED + 5)]
    [actor] = story("alice/garden", LINK, events).actors
    assert actor.lines[0] == (f"Version {LISTED + 4}", f"{LINK}/commit/{'c' * 40}")
    assert (len(actor.lines), actor.more) == (LISTED, 5)


def test_a_push_tells_its_other_commits_too() -> None:
    [actor] = story("alice/garden", LINK, [happened("push", branch="a b", titles=["Plans", "", "Roots"])]).actors
    assert [title for title, _link in actor.lines] == ["Plans", "(no message)", "Roots"]
    assert actor.lines[1][1] == f"{LINK}/commits/a%20b"


def test_each_person_has_a_part_of_their_own() -> None:
    told = story(
        "alice/garden", LINK, [happened("upload", "bob"), happened("upload", "alice"), happened("upload", "bob")]
    )
    assert [actor.sentence.split()[0] for actor in told.actors] == ["bob", "alice"]
    assert told.title == "3 changes by bob and alice"
    assert story("alice/garden", LINK, [happened("upload", who) for who in "abc"]).title == "3 changes by 3 people"
    assert story("alice/garden", LINK, [happened("upload", title="")]).title == "something was changed"

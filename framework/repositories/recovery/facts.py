"""What is true of a project after a recovery: what people have decided, and nothing that a recovery has."""

from collections.abc import Mapping, Sequence
from typing import Any

from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.journal.reader import JournalLine
from framework.repositories.journal.state import Facts


def decide_facts(
    about: Mapping[str, Any],
    epoch: int,
    entries: Sequence[JournalLine],
    *,
    newest: Mapping[str, Any],
    base: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What SQL tells of the project, from its epoch on, with what people have changed in these versions.

    `newest` is what the journal tells after the last of them. Where that is more than the entries make, it was changed
    in versions whose entries are lost or were dropped, and counts as changed by people. `base` is what was true of the
    project before them, where that is not what SQL tells.

    What another recovery changed in the first version of its epoch is no decision of anybody's: a rebuild makes every
    project private, and SQL knows better.
    """
    told, previous, facts = dict(about), about, about if base is None else base
    for line in entries:
        facts = line.facts.apply_to(facts)
        recovery = line.actor == SYSTEM_ACTOR and line.key.epoch != epoch
        if not recovery:
            told = Facts.between(previous, facts).apply_to(told)
        previous, epoch = facts, line.key.epoch
    return Facts.between(facts, newest).apply_to(told)

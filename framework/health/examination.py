"""How parts are examined: one after another, each within its time, and none whose answer another one has given."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from framework.config import ConfigError
from framework.errors import HoldfastError, Unavailable
from framework.health.causes import explain_failure, place_of

log = logging.getLogger(__name__)

Check = Callable[[], str]

SECONDS = 5.0
LONGER = {"workers": 25.0, "queues": 10.0, "clocks": 10.0}
"""Seconds that a part may take to answer, where it is more than the usual."""
NEEDS = {
    "fencing": ("database", "store"),
    "objects": ("database",),
    "drill": ("database",),
    "connections": ("database",),
    "workers": ("database", "broker"),
    "queues": ("database", "broker"),
    "scheduler": ("database",),
    "clocks": ("database", "store"),
}
"""Parts that would only say again that another one is not well."""


class NotWell(Unavailable):
    """A part answers, but not as it has to."""


@dataclass(frozen=True)
class Finding:
    """What came of one check: the part, whether it is well, and the words about it; or that it was not tried."""

    part: str
    well: bool
    words: str
    tried: bool = True


def examine(checks: Mapping[str, Check]) -> list[Finding]:
    """Try every part; a failure is a finding, and the next part is tried all the same, unless it needs the one."""
    findings: dict[str, Finding] = {}
    for part, check in checks.items():
        lacking = [each for each in NEEDS.get(part, ()) if each in findings and not findings[each].well]
        if lacking:
            findings[part] = Finding(part, well=False, words=f"not tried: it needs the {lacking[0]}", tried=False)
        else:
            findings[part] = _in_time(part, check)
    return list(findings.values())


def _in_time(part: str, check: Check) -> Finding:
    """A part that hangs is left behind: its thread ends with the process."""
    seconds, found = LONGER.get(part, SECONDS), list[Finding]()
    surroundings = copy_context()
    thread = threading.Thread(target=lambda: found.append(surroundings.run(_run_check, part, check)), daemon=True)
    thread.start()
    thread.join(seconds)
    if found:
        return found[0]
    where = place_of(part)
    said = f"{where} does not answer" if where else "no answer came"
    return Finding(
        part, well=False, words=f"{said} within {seconds:g} s: it hangs, or something in between drops packets"
    )


def _run_check(part: str, check: Check) -> Finding:
    try:
        return Finding(part, well=True, words=check())
    except (HoldfastError, ConfigError, SQLAlchemyError, OSError) as failure:
        return Finding(part, well=False, words=explain_failure(failure))
    except Exception:
        log.exception("The check of %s failed itself", part)
        return Finding(part, well=False, words="the check itself failed; the log says where")

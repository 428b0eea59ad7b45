"""Every check, in the order in which `flask doctor` tells of them; a web server loads those of `READY` alone."""

from collections.abc import Mapping

from framework import __version__
from framework.celery.worker import presence
from framework.database import schema
from framework.health import checks
from framework.health.connections import connections
from framework.health.examination import Check, NotWell
from framework.health.fencing import check_fencing


def database() -> str:
    """The database answers, and its tables are those of this version."""
    name = checks.database_answers()
    if lacking := schema.differences():
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise NotWell(f"the database lacks {lacking[0]}{more}; run: flask database upgrade")
    return f"{name}, the tables are {'those of a later release' if schema.is_newer() else 'up to date'}"


ALL: Mapping[str, Check] = {
    "version": lambda: f"Holdfast {__version__}, code {presence.release()}",
    "settings": checks.settings,
    "database": database,
    "connections": connections,
    "store": checks.object_store,
    "fencing": check_fencing,
    "objects": checks.objects,
    "drill": checks.rebuild_drill,
    "broker": checks.broker_answers,
    "workers": checks.workers,
    "queues": checks.queues_move,
    "scheduler": checks.scheduler,
    "clocks": checks.clocks,
    "memory": checks.memory,
    "mail": checks.mail,
    "git": checks.git_program,
    "limits": checks.limits,
    "files": checks.files,
}
"""What a deployment needs to do its work."""

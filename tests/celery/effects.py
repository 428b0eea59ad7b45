"""A task whose effect can be counted, and whose middle can be waited for."""

from pathlib import Path
from time import sleep

from celery.utils.log import get_task_logger

from framework.celery.celery import app

log = get_task_logger(__name__)


@app.task(name="tests.celery.effects.write_line")
def write_line(folder: str) -> str:
    """Say that it has begun, wait until it may go on, then append one line."""
    place = Path(folder)
    (place / "begun").touch()
    while not (place / "go").exists():
        sleep(0.02)
    with (place / "lines").open("a") as lines:
        lines.write("one line\n")
    log.info("one line is written")
    return "written"

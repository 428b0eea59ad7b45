"""`/admin`: workers, queues, tasks, scheduled work and storage, for administrators; nobody else is told of the page."""

from flask import flash, make_response, redirect, render_template
from werkzeug.wrappers import Response

from framework import config
from framework.admin import shown
from framework.admin.guard import NoSuchPage, administrators_only
from framework.admin.samples import SAMPLES
from framework.celery import schedule
from framework.celery.worker import presence, runs
from framework.email.rendering import render
from framework.health import queues
from framework.health.attention import attention
from framework.health.checks import broker_answers, objects, rebuild_drill
from framework.health.examination import examine
from framework.health.fencing import check_fencing
from framework.repositories.cache import eviction, usage
from framework.repositories.catalog.storage_totals import read_totals
from framework.storage.prices import costs_of
from framework.web.forms import check_button

admin = administrators_only("admin", "/admin")


PREVIEW_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@admin.get("")
def overview() -> str:
    """Everything at a glance."""
    [broker] = examine({"broker": broker_answers})
    workers = presence.workers()
    found = queues.queue_states() if broker.well else []
    strangers = queues.foreign_nodes() if broker.well else []
    return render_template(
        "doctor/admin.html",
        broker=broker,
        workers=[(worker, worker.up) for worker in workers],
        release=presence.release(),
        queues=found,
        attention=[
            *(finding.words for finding in examine({"fencing": check_fencing}) if not finding.well),
            *attention(workers, found, strangers),
        ],
        groups=shown.task_groups(),
        jobs=shown.jobs(),
    )


@admin.get("/storage")
def storage() -> str:
    """What was last counted of all projects and what it costs, how the caches fare, and when it was verified."""
    counted = read_totals()
    return render_template(
        "doctor/storage.html",
        counted=counted,
        costs=costs_of(counted.usage.classes) if counted else [],
        figures=usage.read_figures(),
        hot=len(eviction.copies()),
        cached_bytes=eviction.count_cached_bytes(),
        cache_max_bytes=config.current().cache_max_bytes,
        findings=examine({"objects": objects, "drill": rebuild_drill}),
    )


@admin.get("/mail")
def mails() -> str:
    """Every mail that people get, to be looked at."""
    samples = {name: render(name, facts, unsubscribe=_stop(name)) for name, facts in SAMPLES.items()}
    return render_template("doctor/mails.html", samples=samples)


@admin.get("/mail/<name>.html")
def mail(name: str) -> Response:
    """One mail's HTML, as a mail program gets it: its own style, no script, nothing from elsewhere."""
    if name not in SAMPLES:
        raise NoSuchPage
    answer = make_response(render(name, SAMPLES[name], unsubscribe=_stop(name)).html)
    answer.headers["Content-Security-Policy"] = PREVIEW_POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@admin.post("/tasks/<path:task_id>/retry")
def retry(task_id: str) -> Response:
    """Have a task that failed start again now."""
    check_button()
    runs.retry(task_id)
    flash("The task starts again now.", "success")
    return redirect("/admin")


@admin.post("/jobs/<name>/run")
def run(name: str) -> Response:
    """Start a job of the schedule before its time."""
    check_button()
    if name not in schedule.names():
        raise NoSuchPage
    schedule.start_now(name)
    flash(f"The job {name} starts now.", "success")
    return redirect("/admin")


def _stop(name: str) -> str | None:
    """The link that stops mails of this kind; messages about the account itself have none."""
    news = {"new_versions", "mention", "digest", "woken"}
    return f"{config.current().base_url}/unsubscribe/sample" if name in news else None

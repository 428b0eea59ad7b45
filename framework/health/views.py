"""`/healthz`, `/readyz` and `/metrics`, for load balancers and monitoring."""

import logging

from flask import Blueprint, Response, make_response, request

from framework import __version__
from framework.health.admission import refuse_strangers
from framework.health.checks import READY
from framework.health.examination import examine
from framework.health.fencing import knows_journals, owns_bucket
from framework.health.numbers import State
from framework.observability.exposition import CONTENT_TYPE, expose
from framework.web.errors import RETRY_AFTER_SECONDS

log = logging.getLogger(__name__)

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """The process is up, and which release it is."""
    return Response(f"ok\nHoldfast {__version__}\n", content_type="text/plain; charset=utf-8")


@health.get("/readyz")
def readyz() -> Response:
    """Database, store and broker answer, and the bucket is ours; 503 otherwise. What is wrong stands in the log.

    `writing` says in words which projects cannot be written to. Where it is some of them, the server is ready all the
    same: a balancer that took it away would take the others, too.
    """
    findings = examine(READY)
    for finding in findings:
        if not finding.well:
            log.warning("%s is not well: %s", finding.part, finding.words)
    told = {finding.part: "ok" if finding.well else "fails" for finding in findings}
    ready = all(finding.well for finding in findings)
    if ready:
        owner, journals = examine({"owner": owns_bucket, "journals": knows_journals})
        told["writing"] = next((finding.words for finding in (owner, journals) if not finding.well), "ok")
        ready = owner.well
    if ready:
        return make_response(told)
    return make_response(told, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})


@health.get("/metrics")
def metrics() -> Response:
    """The numbers of this web server and its deployment, in the text format of Prometheus."""
    refuse_strangers(request)
    return Response(expose(State()), content_type=CONTENT_TYPE)

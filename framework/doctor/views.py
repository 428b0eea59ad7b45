"""`/healthz`, `/readyz` and `/metrics`, for load balancers and monitoring."""

import logging

from flask import Blueprint, Response, make_response, request

from framework.doctor.admission import refuse_strangers
from framework.doctor.checks import READY, examine
from framework.doctor.numbers import State
from framework.metrics.exposition import CONTENT_TYPE, exposed

log = logging.getLogger(__name__)

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """The process is up."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


@health.get("/readyz")
def readyz() -> Response:
    """Database, store and broker answer; 503 when one does not. What is wrong stands in the log."""
    findings = examine(READY)
    for finding in findings:
        if not finding.well:
            log.warning("%s is not well: %s", finding.part, finding.words)
    status = 200 if all(finding.well for finding in findings) else 503
    return make_response({finding.part: "ok" if finding.well else "fails" for finding in findings}, status)


@health.get("/metrics")
def metrics() -> Response:
    """The numbers of this web server and its deployment, in the text format of Prometheus."""
    refuse_strangers(request)
    return Response(exposed(State()), content_type=CONTENT_TYPE)

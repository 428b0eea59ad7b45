"""The pages of a drop-off link, for people without an account."""

from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request

from framework.accounts.core import budgets
from framework.database.types import now
from framework.links import handing_in
from framework.links.drop_offs import OpenDropOff, format_moment, open_drop_off
from framework.links.forms import HandInForm, ReplacementForm
from framework.links.handing_in import Delivery
from framework.links.receipts import HandedIn, open_hand_in
from framework.uploads.receiving import receive_form
from framework.web.answers import ViewResponse
from framework.web.errors import problem, wants_json

blueprint = Blueprint("drop", __name__, url_prefix="/drop")
blueprint.add_app_template_filter(format_moment, "moment_in")


@blueprint.after_request
def keep_link_secret(response: Response) -> Response:
    """Whoever has the address may hand in, so it is told to no other site, kept in no cache and in no search engine."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/<token>")
def show(token: str) -> str:
    """What is to be handed in, and the form for it."""
    return _page(open_drop_off(token), None, HandInForm())


@blueprint.post("/<token>")
def receive(token: str) -> ViewResponse:
    """Take a first hand-in, and lead to its receipt."""
    return _receive(open_drop_off(token), None, now())


@blueprint.get("/mine/<token>")
def show_mine(token: str) -> str:
    """What somebody handed in, and the form that replaces it."""
    drop_off, mine = open_hand_in(token)
    return _page(drop_off, mine, ReplacementForm(data={"name": mine.name}))


@blueprint.post("/mine/<token>")
def replace_mine(token: str) -> ViewResponse:
    """Replace what was handed in."""
    drop_off, mine = open_hand_in(token)
    return _receive(drop_off, mine, now())


def _receive(drop_off: OpenDropOff, mine: HandedIn | None, began_at: datetime) -> ViewResponse:
    closed = drop_off.reason_closed(mine.extended_until if mine else None)
    if closed:
        return problem(403, closed) if wants_json() else (_page(drop_off, mine, _form(mine)), 403)
    network = budgets.network_of(request.remote_addr or "")
    budgets.spend_now(f"drop:{drop_off.id}:{network}", f"drop-network:{network}", f"drop-link:{drop_off.id}")
    with receive_form(request, most_bytes=drop_off.request_bytes) as files:
        form = _form(mine)
        email = mine.email if mine else form.email.data or ""

        def store() -> HandedIn:
            return handing_in.hand_in(drop_off, Delivery(form.name.data or "", email, files, began_at, mine))

        handed_in = form.attempt(store)
    if handed_in is None:
        return _page(drop_off, mine, form), form.status
    return redirect(handed_in.path, 303)


def _form(mine: HandedIn | None) -> HandInForm:
    return ReplacementForm() if mine else HandInForm()


def _page(drop_off: OpenDropOff, mine: HandedIn | None, form: HandInForm) -> str:
    until = drop_off.deadline_for(mine.extended_until if mine else None)
    closed = drop_off.reason_closed(mine.extended_until if mine else None)
    facts = {"drop_off": drop_off, "mine": mine, "form": form, "until": until, "closed": closed}
    return render_template("links/drop_off.html", **facts)

"""The pages of a drop-off link, for people without an account."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from flask import Blueprint, Response, jsonify, redirect, render_template, request

from framework.accounts.core import budgets
from framework.database.types import now
from framework.links.drop import handing_in
from framework.links.drop.drop_offs import DropOffClosed, OpenDropOff, format_moment
from framework.links.drop.handing_in import Delivery
from framework.links.drop.opening import open_page
from framework.links.drop.receipts import HandedIn
from framework.links.drop.room import refuse_without_room
from framework.links.drop_uploads import begin_uploading, find_stranger
from framework.links.forms import HandInForm, ReplacementForm
from framework.repositories.cache.scratch import scratch
from framework.uploads.assembling import open_uploads
from framework.uploads.forms import parse_uploads
from framework.uploads.operations import SentFile
from framework.uploads.preflight import LONGEST_BYTES, Outlook, PreflightRequest
from framework.uploads.receiving import receive_form
from framework.uploads.tus.resumable import find_uploads, mark_used
from framework.web.answers import ViewResponse
from framework.web.errors import problem, wants_json
from framework.web.forms import check_header

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
@blueprint.get("/mine/<token>")
def show(token: str) -> str:
    """What is to be handed in, and the form; by a personal link, what was handed in, and the form that replaces it."""
    drop_off, mine = open_page(token)
    begin_uploading()
    return _page(drop_off, mine, ReplacementForm(data={"name": mine.name}) if mine else HandInForm())


@blueprint.post("/<token>")
@blueprint.post("/mine/<token>")
def receive(token: str) -> ViewResponse:
    """Take a hand-in, and lead to its receipt."""
    began_at = now()
    drop_off, mine = open_page(token)
    if closed := drop_off.reason_refused(mine.extended_until if mine else None):
        return problem(403, closed) if wants_json() else (_page(drop_off, mine, _form(mine)), 403)
    network = budgets.network_of(request.remote_addr or "")
    budgets.spend_now(f"drop:{drop_off.id}:{network}", f"drop-network:{network}", f"drop-link:{drop_off.id}")
    refuse_without_room(drop_off, request.content_length or 0)
    with receive_form(request, into_git=True, most_bytes=drop_off.request_bytes) as files:
        form = _form(mine)
        handed_in = form.attempt(lambda: _store(drop_off, mine, form, files, began_at))
    if wants_json():
        return _answer(form, handed_in)
    if handed_in is None:
        return _page(drop_off, mine, form), form.status
    return redirect(handed_in.path, 303)


@blueprint.post("/<token>/preflight")
@blueprint.post("/mine/<token>/preflight")
def preflight(token: str) -> Response:
    """Which of these files can be handed in, as JSON."""
    check_header()
    drop_off, _mine = open_page(token)
    request.max_content_length = LONGEST_BYTES
    asked = PreflightRequest.of(request.get_data(cache=False))
    found = [(path, handing_in.check_file(drop_off, path, size)) for path, size in asked.files]
    outlooks = [Outlook(path, "refused" if refusal else "new", refusal or "") for path, refusal in found]
    taken = [size for (_path, size), outlook in zip(asked.files, outlooks, strict=True) if outlook.state == "new"]
    refuse_without_room(drop_off, sum(taken))
    return jsonify(files=[asdict(one) for one in outlooks], room_bytes=drop_off.room_bytes)


def _store(
    drop_off: OpenDropOff,
    mine: HandedIn | None,
    form: HandInForm,
    files: Sequence[tuple[str, SentFile]],
    began_at: datetime,
) -> HandedIn:
    """Store what the form brings, and the uploads that it names, which were begun before it.

    Files in the form itself were begun with it, whatever else it names.
    """
    email = mine.email if mine else form.email.data or ""
    named = parse_uploads(form.uploads.data or "[]")
    stranger = find_stranger(drop_off)
    found = find_uploads(stranger, {upload_id for _path, upload_id in named})
    if found and not files:
        began_at = max(upload.created_at for upload in found)
    if closed := drop_off.reason_closed(mine.extended_until if mine else None, began_at):
        raise DropOffClosed(closed)
    with scratch("upload") as folder:
        opened = open_uploads(found, folder)
        everything = [*files, *((path, opened[upload_id]) for path, upload_id in named)]
        delivery = Delivery(form.name.data or "", email, everything, began_at, mine)
        handed_in = handing_in.hand_in(drop_off, delivery)
    mark_used(stranger, [upload.id for upload in found])
    return handed_in


def _answer(form: HandInForm, handed_in: HandedIn | None) -> Response:
    """The outcome for the page's script: 201 with the receipt's address, or a problem with one line a file."""
    if handed_in is None:
        said = [*form.problems, *(str(text) for texts in form.errors.values() for text in texts)]
        outcomes = [asdict(outcome) for outcome in form.outcomes]
        return problem(form.status, " ".join(dict.fromkeys(said)), files=outcomes)
    answer = jsonify(location=handed_in.path)
    answer.status_code = 201
    return answer


def _form(mine: HandedIn | None) -> HandInForm:
    return ReplacementForm() if mine else HandInForm()


def _page(drop_off: OpenDropOff, mine: HandedIn | None, form: HandInForm) -> str:
    until = drop_off.deadline_for(mine.extended_until if mine else None)
    closed = drop_off.reason_closed(mine.extended_until if mine else None)
    facts = {"drop_off": drop_off, "mine": mine, "form": form, "until": until, "closed": closed}
    return render_template("links/drop_off.html", **facts)

"""Pages of the inbox, of how often mail comes, and of links that stop it."""

from flask import Blueprint, Flask, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from framework.accounts.signin.login import require_account
from framework.email import stopped
from framework.projects.core.offers import list_offers_to
from framework.projects.notify import inbox, preferences
from framework.projects.visits import read_topbar
from framework.web.forms import check_button
from framework.web.paging import page_number

inboxes = Blueprint("inboxes", __name__)

Answer = Response | str


@inboxes.record_once
def _give_templates(state: object) -> None:
    app: Flask = state.app  # type: ignore[attr-defined]
    app.jinja_env.globals["topbar_status"] = read_topbar


@inboxes.get("/inbox")
def show_inbox() -> str:
    """What is new."""
    page = page_number(request.args)
    items, offers = inbox.read_inbox(require_account(), page), list_offers_to(require_account())
    more = len(items) > inbox.PAGE
    return render_template("projects/inbox.html", items=items[: inbox.PAGE], offers=offers, page=page, more=more)


@inboxes.post("/inbox/read")
def read_all() -> Response:
    """Mark everything as read."""
    account = require_account()
    check_button()
    inbox.mark_read(account)
    flash("Everything is marked as read.", "success")
    return redirect("/inbox")


@inboxes.post("/inbox/<int:notice_id>/read")
def read(notice_id: int) -> Response:
    """Mark one notice as read."""
    account = require_account()
    check_button()
    inbox.mark_read(account, notice_id)
    return redirect("/inbox")


@inboxes.get("/settings/mail")
def choices() -> str:
    """How often mail comes."""
    everywhere, projects = preferences.choices_of(require_account())
    frequencies = preferences.FREQUENCIES
    return render_template("projects/mail.html", everywhere=everywhere, projects=projects, frequencies=frequencies)


@inboxes.post("/settings/mail")
def choose() -> Response:
    """Get mail about one project, or about all others, so often."""
    account = require_account()
    check_button()
    preferences.choose(account.id, _read_project_id(), request.form.get("frequency", ""))
    flash("Your choice is saved.", "success")
    return redirect("/settings/mail")


def _read_project_id() -> int:
    number = request.form.get("project", str(preferences.EVERY_PROJECT))
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise preferences.NoPartInProject
    return int(number)


@inboxes.post("/settings/mail/resume")
def resume() -> Response:
    """Send to the person's address again, after it bounced."""
    account = require_account()
    check_button()
    stopped.resume(account.email)
    flash(f"Mail goes to {account.email} again.", "success")
    return redirect("/settings/mail")


@inboxes.get("/unsubscribe/<token>")
def ask(token: str) -> str:
    """Ask whether the mails are to stop; opening a link changes nothing, since programs open links, too."""
    return render_template("projects/unsubscribe.html", asked=preferences.read_link(token), done=False)


@inboxes.post("/unsubscribe/<token>")
def stop(token: str) -> str:
    """Stop the mails: the page's button, and a mail program's one click (RFC 8058), which has no cookie and no form."""
    return render_template("projects/unsubscribe.html", asked=preferences.unsubscribe(token), done=True)

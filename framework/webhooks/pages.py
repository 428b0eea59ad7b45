"""What the pages of webhooks do, whether they are a project's or a group's; the caller has checked who may."""

from flask import flash, redirect, render_template

from framework.accounts.signin.login import require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.web.answers import ViewResponse
from framework.web.forms import check_button
from framework.webhooks import operations
from framework.webhooks.forms import WebhookForm, values_of
from framework.webhooks.places import Place


def show_all(place: Place) -> str:
    """The webhooks, and the form for a new one."""
    return _render(place, WebhookForm(formdata=None, data={"push": True, "active": True}))


def create(place: Place) -> ViewResponse | str:
    """Set a webhook; its secret is on the page that follows, and never again."""
    form = WebhookForm.of()
    made = form.attempt(lambda: operations.create_webhook(reauthenticate().account, place, form.wanted))
    if made is None:
        return _render(place, form), form.status
    number, secret = made
    return _render_one(place, number, None, secret=secret)


def show(place: Place, webhook_id: int) -> str:
    """A webhook, and what was sent to it last."""
    return _render_one(place, webhook_id, None)


def change(place: Place, webhook_id: int) -> ViewResponse:
    """Change a webhook."""
    form = WebhookForm.of(operations.read_webhook(place, webhook_id))
    changed = form.attempt(lambda: _change(place, webhook_id, form))
    if changed is None:
        return _render_one(place, webhook_id, form), form.status
    flash("The webhook is saved.", "success")
    return redirect(f"{place.path}/{webhook_id}")


def delete(place: Place, webhook_id: int) -> ViewResponse:
    """Delete a webhook."""
    check_button()
    operations.delete_webhook(require_account(), place, webhook_id)
    flash("The webhook is deleted.", "success")
    return redirect(place.path)


def test(place: Place, webhook_id: int) -> ViewResponse:
    """Send a webhook a ping."""
    check_button()
    operations.send_test(require_account(), place, webhook_id)
    flash("A ping is on its way. Load this page again in a moment to see what came of it.", "success")
    return redirect(f"{place.path}/{webhook_id}")


def redeliver(place: Place, webhook_id: int, delivery_id: str) -> ViewResponse:
    """Send something once more."""
    check_button()
    operations.redeliver(require_account(), place, webhook_id, delivery_id)
    flash("It is sent once more. Load this page again in a moment to see what came of it.", "success")
    return redirect(f"{place.path}/{webhook_id}")


def _change(place: Place, webhook_id: int, form: WebhookForm) -> bool:
    operations.change_webhook(reauthenticate().account, place, webhook_id, form.wanted)
    return True


def _render(place: Place, form: WebhookForm) -> str:
    facts = {"hooks": operations.list_webhooks(place), "most": operations.MOST_WEBHOOKS, "form": form}
    return render_template(f"webhooks/{_kind(place)}_list.html", **_frame(place), **facts)


def _render_one(place: Place, webhook_id: int, form: WebhookForm | None, *, secret: str = "") -> str:
    hook = operations.read_webhook(place, webhook_id)
    shown = form or WebhookForm(formdata=None, data=values_of(hook))
    facts = {"hook": hook, "deliveries": operations.list_deliveries(place, webhook_id), "secret": secret}
    return render_template(f"webhooks/{_kind(place)}_webhook.html", **_frame(place), **facts, form=shown)


def _kind(place: Place) -> str:
    return "project" if place.project else "group"


def _frame(place: Place) -> dict[str, object]:
    return {"project": place.project, "group": place.group, "base": place.path}

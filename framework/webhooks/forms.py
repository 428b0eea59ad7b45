"""The form of a webhook; field names are promised to programs that fill them in."""

from wtforms import BooleanField, PasswordField, StringField

from framework.web.forms import PageForm, require_filled, strip
from framework.webhooks.operations import ReadWebhook, WebhookText
from framework.webhooks.outgoing import HAND_IN, PUSH, STATUS

FIELDS = {PUSH: "push", HAND_IN: "hand_in", STATUS: "statuses"}
"""The field of each event; a form's `status` is its answer's."""


class WebhookForm(PageForm):
    """Where to send what; an empty secret is made up for a new webhook, and stays for one that is there."""

    url = StringField("Address", filters=[strip], validators=[require_filled("Enter an address.")])
    secret = PasswordField("Secret")
    push = BooleanField("New versions")
    hand_in = BooleanField("Hand-ins")
    statuses = BooleanField("Statuses")
    active = BooleanField("On")

    @classmethod
    def of(cls, hook: ReadWebhook | None = None) -> "WebhookForm":
        """The form as it is for this webhook, or for a new one, with what was posted in it."""
        if hook is None:
            return cls(data={"push": True, "active": True})
        return cls(data=values_of(hook))

    @property
    def wanted(self) -> WebhookText:
        """What was filled in."""
        chosen = [event for event, name in FIELDS.items() if self[name].data]
        return WebhookText(self.url.data, chosen, self.secret.data or None, self.active.data)


def values_of(hook: ReadWebhook) -> dict[str, object]:
    """What the form's fields hold for a webhook that is there; never the secret."""
    return {"url": hook.url, "active": hook.active, **{FIELDS[event]: True for event in hook.events}}

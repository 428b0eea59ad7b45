"""What the API says of webhooks and of what was sent to them; a secret is told once, when it is set."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from framework.api.answers import Answer
from framework.webhooks.models import Delivery as DeliveryRow
from framework.webhooks.operations import ReadWebhook

Event = Literal["push", "hand_in", "status"]


class Webhook(Answer):
    """A webhook; `failing_since` is null unless nothing has arrived since then."""

    id: int
    url: str
    events: list[Event]
    active: bool = Field(description="False also after we have switched it off, since nothing arrived for three days.")
    made_by: str | None
    created_at: datetime
    failing_since: datetime | None

    @classmethod
    def of(cls, hook: ReadWebhook) -> "Webhook":
        """The answer about this webhook; one that waits for somebody to save it is not active."""
        return cls.model_validate({**_values(hook), "active": hook.active and not hook.waits_because})


class NewWebhook(Webhook):
    """A webhook that was just set, with the secret that signs what is sent to it."""

    secret: str

    @classmethod
    def with_secret(cls, hook: ReadWebhook, secret: str) -> "NewWebhook":
        """The answer about this webhook."""
        return cls.model_validate({**_values(hook), "secret": secret})


class Delivery(Answer):
    """Something sent to a webhook; `status` and the first kibibyte of the `answer` are those of the last try."""

    id: str
    event: Literal["push", "hand_in", "status", "ping"]
    state: Literal["waiting", "delivered", "failed", "dropped"]
    attempts: int
    created_at: datetime
    tried_at: datetime | None
    status: int | None
    milliseconds: int | None
    answer: str
    problem: str

    @classmethod
    def of(cls, row: DeliveryRow) -> "Delivery":
        """The answer about this delivery."""
        return cls.model_validate(row, from_attributes=True)


def _values(hook: ReadWebhook) -> dict[str, object]:
    names = ("id", "url", "events", "active", "made_by", "created_at", "failing_since")
    return {name: getattr(hook, name) for name in names}

"""What the API is sent about webhooks and statuses."""

from typing import Literal

from pydantic import Field

from framework.api.bodies import Body

Event = Literal["push", "hand_in", "status"]


class StatusBody(Body):
    """What a program says about a commit; `context` tells programs apart."""

    state: Literal["pending", "success", "failure", "error"]
    context: str = "default"
    description: str = ""
    target_url: str = Field(default="", description="Where people read more, by http or https.")


class WebhookBody(Body):
    """A webhook to be set; without a secret one is made up."""

    url: str
    events: list[Event] = Field(default=["push"])
    secret: str | None = Field(default=None, description="16 to 200 characters; told again by nothing.")
    active: bool = True


class WebhookChanges(Body):
    """What is to be other about a webhook; what is left out stays."""

    url: str | None = None
    events: list[Event] | None = None
    secret: str | None = None
    active: bool | None = None

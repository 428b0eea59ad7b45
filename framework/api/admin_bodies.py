"""What administrators send to the API: each model is a JSON document with its rules and its schema."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from framework.accounts.core.plans import NO_LIMIT_BYTES
from framework.admin.forms import LONGEST_REASON, MOST_PROJECTS
from framework.api.bodies import Body

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REASON, pattern=r"^[^\x00]*$")
]
Bytes = Annotated[int, Field(ge=0, lt=NO_LIMIT_BYTES)]


class ReasonBody(Body):
    """Why something is done to somebody."""

    reason: Reason = Field(description="The person, or each owner of the group, gets it by mail.")


class AddressBody(Body):
    """An address that is to sign up."""

    email: str = Field(min_length=1, max_length=254)


class GivenPlanBody(Body):
    """The plan that an account or a group is to have."""

    plan: Literal["free", "student", "unlimited"] | None = Field(
        description="It stays until another is given; with null the address decides, and a group has `free`."
    )


class PlanBody(Body):
    """All that a plan allows; null is no limit."""

    stored_bytes: Bytes | None = Field(description="In all projects together, the trash included.")
    private_projects: Annotated[int, Field(ge=0, le=MOST_PROJECTS)] | None
    file_bytes: Bytes | None = Field(description="In one file; the server's own limit holds, too.")

"""The signed links in the mails of invitations."""

from itsdangerous import BadSignature, URLSafeSerializer

from framework import config
from framework.errors import NotFound
from framework.projects.models import Invitation

PLACE = "/invitations/"


class InvitationGone(NotFound):
    """The link's invitation was taken, withdrawn, has ended, or never was."""

    def __init__(self) -> None:
        super().__init__("This invitation was accepted or withdrawn, or has expired. Ask for a new one.")


def link_to(invitation: Invitation) -> str:
    """The address by which whoever reads the mail can take the invitation."""
    return f"{config.current().base_url}{PLACE}{_signer().dumps([invitation.id, stamp_of(invitation)])}"


def read_link(token: str) -> tuple[int, str]:
    """The number and the stamp of the invitation that a link was made for.

    Raises:
        InvitationGone: we never made this link.
    """
    try:
        invitation_id, stamp = _signer().loads(token)
    except BadSignature as error:
        raise InvitationGone from error
    return invitation_id, stamp


def stamp_of(row: Invitation) -> str:
    """What tells an invitation from a later one; SQLite gives the number of a row that is gone to another one."""
    return row.created_at.isoformat()


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(config.current().signing_keys, salt="holdfast-invitation")

"""`/admin/people/invitations`: addresses that may sign up, whatever `SIGNUP` says."""

from flask import Response

from framework.accounts.lifecycle import account_invitations
from framework.api.admin_bodies import AddressBody
from framework.api.answers import answer, no_content
from framework.api.bodies import read_body
from framework.api.calls import Call, describe
from framework.api.documents.administration import InvitedAddress, SignUpInvitation
from framework.api.resources.administration.access import administrators_only, current_administrator

invitations = administrators_only("admin_invitations", "/people/invitations")


@invitations.get("")
@describe(Call({200: [SignUpInvitation]}, needs="administrator"))
def list_sign_up_invitations() -> Response:
    """Who was invited to sign up and has not yet, the newest first; at most 200."""
    return answer([SignUpInvitation.of(invitation) for invitation in account_invitations.list_invitations()])


@invitations.post("")
@describe(Call({201: InvitedAddress}, needs="administrator", body=AddressBody, refusals=(409,)))
def invite_to_sign_up() -> Response:
    """Let an address sign up, by a mail with a link; an earlier invitation of it is replaced."""
    by, email = current_administrator(), read_body(AddressBody).email
    return answer(InvitedAddress(email=account_invitations.invite_to_sign_up(email, by=by)), 201)


@invitations.delete("/<int:invitation_id>")
@describe(Call({204: None}, needs="administrator"))
def withdraw_sign_up_invitation(invitation_id: int) -> Response:
    """Take an invitation back; one that is gone is fine."""
    account_invitations.withdraw_invitation(invitation_id, by=current_administrator())
    return no_content()

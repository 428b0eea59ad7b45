"""Writing the audit log, in the transaction of what is told: what was rolled back is not told, nor the other way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from framework.audit.models import AuditEntry
from framework.database.types import now
from framework.observability.requests import client_address

KINDS: Mapping[str, str] = {
    "sign_in": "Signed in",
    "sign_in_failed": "Sign-in failed",
    "account_invited": "Invited to sign up",
    "account_invitation_withdrawn": "Invitation to sign up withdrawn",
    "account_created": "Account created",
    "data_exported": "Own data exported",
    "deletion_asked": "Asked to delete the account",
    "deletion_stopped": "Account kept, since others would lose something",
    "account_deleted": "Account deleted",
    "address_confirmed": "E-mail address confirmed",
    "password_changed": "Password changed",
    "password_removed": "Password removed",
    "passkey_added": "Passkey added",
    "passkey_removed": "Passkey removed",
    "identity_linked": "Sign-in elsewhere linked",
    "identity_unlinked": "Sign-in elsewhere unlinked",
    "second_factor_on": "Second factor added",
    "second_factor_off": "Second factor removed",
    "second_factor_reset": "Second factor reset by an administrator",
    "recovery_codes_made": "Recovery codes created",
    "recovery_code_used": "Recovery code used",
    "token_created": "Access token created",
    "token_deleted": "Access token deleted",
    "invited": "Invitation sent",
    "invitation_withdrawn": "Invitation withdrawn",
    "person_added": "Person added",
    "person_changed": "Role changed",
    "person_removed": "Person removed",
    "person_left": "Person left",
    "offered": "Project offered to somebody",
    "offer_withdrawn": "Offer of the project withdrawn",
    "offer_declined": "Offer of the project declined",
    "handed_over": "Project handed over",
    "link_made": "Link created",
    "link_deadline": "Deadline of a link changed",
    "link_closed": "Link closed to further hand-ins",
    "link_opened": "Link opened again",
    "link_revoked": "Link revoked",
    "webhook_added": "Webhook added",
    "webhook_changed": "Webhook changed",
    "webhook_removed": "Webhook removed",
    "branch_rule": "Branch protection changed",
    "visibility": "Visibility changed",
    "embargo": "Date of publication changed",
    "published": "Made public on its date",
    "trashed": "Moved to the trash",
    "restored": "Restored from the trash",
    "deleted": "Deleted for good",
    "purged": "Removed content erased",
    "versions_removed": "Old versions removed",
    "plan_given": "Plan given",
    "plan_edited": "Plan changed",
    "suspended": "Account suspended",
    "resumed": "Account resumed",
    "group_created": "Group created",
    "group_changed": "Group changed",
    "group_factor": "Second factor of a group's owners",
    "group_suspended": "Group suspended",
    "group_resumed": "Group resumed",
    "group_deleted": "Group deleted",
    "group_person_added": "Added to a group",
    "group_person_changed": "Role in a group changed",
    "group_person_removed": "Removed from a group",
    "participants_listed": "Participants added from a list",
    "assignment_set": "Assignment set",
    "assignment_changed": "Assignment changed",
    "assignment_deleted": "Assignment deleted",
    "assignment_archived": "Assignment archived",
    "assignment_restored": "Assignment restored from the archive",
    "more_time": "More time given",
    "less_time": "Own deadline set back",
    "administrator": "Administrator rights changed",
}
"""What can be told, and what people call it."""

LONGEST_ADDRESS = 45


class Named(Protocol):
    """An account, as a row or as a value."""

    @property
    def id(self) -> Any:
        """Its number."""

    @property
    def name(self) -> Any:
        """Its user name."""


@dataclass(frozen=True)
class ToldProject:
    """A project as the log tells of it, by its number and `owner/name`."""

    id: int
    full_name: str


def record(
    session: Session,
    kind: str,
    *,
    actor: Named | None,
    person: Named | None = None,
    project: ToldProject | None = None,
    group: Named | None = None,
    in_person: bool = True,
    **details: Any,
) -> None:
    """Note that the actor did this, to a person, a project or neither; details are JSON, and hold nothing secret.

    What happens to somebody in a `group` is told to its owners; what happens to the group itself has it as the person.
    Not `in_person` is what somebody else's request completes: the address that it comes from is not the actor's.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of entry in the audit log")
    session.add(
        AuditEntry(
            created_at=now(),
            kind=kind,
            actor_id=actor.id if actor else None,
            actor=actor.name if actor else None,
            person_id=person.id if person else None,
            person=person.name if person else None,
            project_id=project.id if project else None,
            project=project.full_name if project else None,
            address=(client_address() or "")[:LONGEST_ADDRESS] or None if in_person else None,
            group_id=group.id if group else None,
            details={"group": group.name, **details} if group else details,
        )
    )

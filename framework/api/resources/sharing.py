"""Who takes part in a project: people, their roles, and invitations."""

from flask import Blueprint, Response

from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.answers import answer, no_content
from framework.api.bodies import PersonBody, RoleBody, read_body
from framework.api.calls import Call, describe
from framework.api.documents.people import Invited, NewPerson, Person
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.members import invitations, people, roles

sharing = Blueprint("sharing", __name__, url_prefix="/projects/<owner>/<project>")


@sharing.get("/people")
@describe(Call({200: [Person]}, needs="admin"))
def list_people(owner: str, project: str) -> Response:
    """Who takes part, the account that owns the project first; for maintainers."""
    _account, access = _find_maintained(owner, project)
    return answer([Person.of(one) for one in people.people_of(access)])


@sharing.post("/people")
@describe(Call({201: NewPerson}, needs="admin", body=PersonBody, refusals=(409, 429)))
def add_person(owner: str, project: str) -> Response:
    """Add somebody by user name or confirmed address; another address is invited. Only owners add owners."""
    return _add(owner, project)


@sharing.patch("/people/<int:person_id>")
@describe(Call({200: Person}, needs="admin", body=RoleBody, refusals=(409,)))
def change_role(owner: str, project: str, person_id: int) -> Response:
    """Give somebody another role."""
    account, access = _find_maintained(owner, project)
    roles.change_role(account, access, person_id=person_id, role=read_body(RoleBody).role)
    return answer(next(Person.of(one) for one in people.people_of(access) if one.id == person_id))


@sharing.delete("/people/<int:person_id>")
@describe(Call({204: None}, needs="admin", refusals=(409,)))
def remove_person(owner: str, project: str, person_id: int) -> Response:
    """Remove somebody; the caller's own number leaves the project, which its owner cannot."""
    account = callers.administrator()
    if person_id == account.id:
        roles.leave(account, project_for(account, owner, project))
    else:
        roles.remove_person(account, project_for(account, owner, project, "maintainer"), person_id=person_id)
    return no_content()


@sharing.get("/invitations")
@describe(Call({200: [Invited]}, needs="admin"))
def list_invitations(owner: str, project: str) -> Response:
    """The invitations that nobody has accepted yet, by address; for maintainers."""
    _account, access = _find_maintained(owner, project)
    return answer([Invited.of(one) for one in invitations.invitations_to(access)])


@sharing.post("/invitations")
@describe(Call({201: NewPerson}, needs="admin", body=PersonBody, refusals=(409, 429)))
def invite(owner: str, project: str) -> Response:
    """The same as adding somebody: whose address is confirmed needs no invitation and is added."""
    return _add(owner, project)


@sharing.delete("/invitations/<int:invitation_id>")
@describe(Call({204: None}, needs="admin"))
def withdraw_invitation(owner: str, project: str, invitation_id: int) -> Response:
    """Withdraw an invitation."""
    account, access = _find_maintained(owner, project)
    invitations.withdraw(account, access, invitation_id)
    return no_content()


def _add(owner: str, project: str) -> Response:
    account, access = _find_maintained(owner, project)
    body = read_body(PersonBody)
    added = people.add_person(account, access, person=body.person, role=body.role)
    return answer(NewPerson.of(added, body.role), 201)


def _find_maintained(owner: str, project: str) -> tuple[Account, ProjectAccess]:
    account = callers.administrator()
    return account, project_for(account, owner, project, "maintainer")

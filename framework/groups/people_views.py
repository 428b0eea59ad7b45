"""Pages of a group's people: who is in it, and how people come and go."""

from flask import Blueprint, flash, redirect, render_template, request

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.invitations import LASTS
from framework.accounts.signin.login import current_account, require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.groups import invitations, people
from framework.groups.access import GroupAccess, group_for, group_with_people
from framework.groups.forms import GroupPeopleForm
from framework.groups.listing import list_people
from framework.projects.core.groups import OWNER, PARTICIPANT
from framework.projects.members.people import Sharing, UnknownPerson
from framework.projects.members.person_lists import split_people
from framework.web.answers import ViewResponse
from framework.web.forms import PageForm, check_button
from framework.web.paging import page_number

group_people = Blueprint("group_people", __name__, url_prefix="/<owner>/people")

LONGEST_QUERY = 100


@group_people.get("")
def show(owner: str) -> str:
    """Who is in the group; owners see participants and invitations, too."""
    return _render(group_with_people(current_account(), owner), GroupPeopleForm())


@group_people.post("")
def add(owner: str) -> ViewResponse:
    """Add people; those who cannot be added stay in the field."""
    group, form = _find_owned(owner), GroupPeopleForm()
    shared = form.attempt(lambda: _add(group, form))
    if shared and shared.added:
        flash(shared.sentence, "success")
    if shared and not shared.refused:
        return redirect(f"{group.path}/people")
    if shared:
        form.show_refused(shared.refused)
    return _render(group, form), form.status


@group_people.post("/<int:person_id>/role")
def change_role(owner: str, person_id: int) -> ViewResponse:
    """Give somebody another role."""
    group = _find_owned(owner)
    check_button()
    role = request.form.get("role", "")
    who = people.change_role(reauthenticate().account, group, person_id=person_id, role=role)
    flash(f"{who} is {'an' if role == OWNER else 'a'} {role} now.", "success")
    return redirect(f"{group.path}/people")


@group_people.post("/<int:person_id>/remove")
def remove(owner: str, person_id: int) -> ViewResponse:
    """Let somebody be in the group no longer."""
    group = _find_owned(owner)
    check_button()
    who = people.remove_person(reauthenticate().account, group, person_id=person_id)
    flash(f"{who} was removed.", "success")
    return redirect(f"{group.path}/people")


@group_people.route("/leave", methods=["GET", "POST"])
def leave(owner: str) -> ViewResponse:
    """Be in the group no longer; asks first."""
    account = require_account()
    group, form = group_for(account, owner, PARTICIPANT), PageForm()
    left = form.attempt(lambda: _leave(account, group))
    if left is None:
        return render_template("groups/leave.html", group=group, form=form), form.status
    flash(f"You left the group {left}.", "success")
    return redirect("/groups")


@group_people.post("/invitations/<int:invitation_id>/withdraw")
def withdraw_invitation(owner: str, invitation_id: int) -> ViewResponse:
    """Take an invitation back."""
    group = _find_owned(owner)
    check_button()
    email = invitations.withdraw(require_account(), group, invitation_id)
    flash(f"The invitation of {email} is withdrawn.", "success")
    return redirect(f"{group.path}/people")


@group_people.post("/invitations/<int:invitation_id>/resend")
def resend_invitation(owner: str, invitation_id: int) -> ViewResponse:
    """Send an invitation once more."""
    group = _find_owned(owner)
    check_button()
    email = invitations.resend(require_account(), group, invitation_id)
    flash(f"The invitation was sent to {email} again. It is valid for {LASTS.days} days.", "success")
    return redirect(f"{group.path}/people")


def _add(group: GroupAccess, form: GroupPeopleForm) -> Sharing:
    named = split_people(form.person.data)
    if not named:
        raise UnknownPerson("Enter a user name or an e-mail address.")
    shared = people.add_people(reauthenticate().account, group, people=named, role=form.role.data)
    if len(named) == 1 and shared.refused:
        raise shared.refused[0].refusal
    return shared


def _leave(account: Account, group: GroupAccess) -> str:
    people.leave(account, group)
    return group.name


def _render(group: GroupAccess, form: GroupPeopleForm) -> str:
    text, number = request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY], page_number(request.args)
    listed = list_people(group, text=text, page=number)
    pending = invitations.list_invitations(group) if group.is_owner else []
    facts = {"listed": listed, "query": text, "number": number, "invitations": pending}
    return render_template("groups/people.html", group=group, form=form, **facts)


def _find_owned(owner: str) -> GroupAccess:
    return group_for(current_account(), owner, OWNER)

"""Sharing a project: its link, its people and their roles, invitations, and leaving it."""

import re

from flask import Blueprint, flash, redirect, render_template, request

from framework.accounts.lifecycle.invitations import LASTS
from framework.accounts.signin.login import current_account, require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.core.links import list_links
from framework.projects.members import invitations, people, roles
from framework.projects.members.person_lists import split_people
from framework.projects.views.forms import PeopleForm
from framework.web.answers import ViewResponse
from framework.web.forms import PageForm, check_button

sharing = Blueprint("project_sharing", __name__, url_prefix="/<owner>/<project>")

_ROLE_FIELD = re.compile(r"role-(\d{1,9})", re.ASCII)


@sharing.get("/share")
def show(owner: str, project: str) -> str:
    """The link to the project for whoever sees it, and for maintainers who takes part."""
    return _render(project_for(current_account(), owner, project), PeopleForm())


@sharing.post("/share")
@sharing.route("/settings/people", methods=["GET", "POST"])
def add(owner: str, project: str) -> ViewResponse:
    """Add people; those who cannot be added stay in the field."""
    access = _find_maintained(owner, project)
    form = PeopleForm()
    shared = form.attempt(lambda: _add(access, form))
    if shared and shared.added:
        flash(shared.sentence, "success")
    if shared and not shared.refused:
        return redirect(request.path)
    if shared:
        form.show_refused(shared.refused)
    return _render(access, form), form.status


@sharing.post("/share/roles")
def save_roles(owner: str, project: str) -> ViewResponse:
    """Give several people other roles at once."""
    access = _find_maintained(owner, project)
    check_button()
    chosen = {int(match[1]): text for name, text in request.form.items() if (match := _ROLE_FIELD.fullmatch(name))}
    changes = roles.save_roles(reauthenticate().account, access, chosen)
    flash(roles.describe_changes(changes) or "Every role is what it was.", "success" if changes else "info")
    return redirect(f"{access.path}/share")


@sharing.post("/share/people/<int:person_id>/remove")
def remove(owner: str, project: str, person_id: int) -> ViewResponse:
    """Let somebody take part no longer."""
    access = _find_maintained(owner, project)
    check_button()
    name = roles.remove_person(reauthenticate().account, access, person_id=person_id)
    flash(f"{name} was removed.", "success")
    return redirect(f"{access.path}/share")


@sharing.post("/share/invitations/<int:invitation_id>/withdraw")
def withdraw_invitation(owner: str, project: str, invitation_id: int) -> ViewResponse:
    """Take an invitation back."""
    access = _find_maintained(owner, project)
    check_button()
    email = invitations.withdraw(require_account(), access, invitation_id)
    flash(f"The invitation of {email} is withdrawn.", "success")
    return redirect(f"{access.path}/share")


@sharing.post("/share/invitations/<int:invitation_id>/resend")
def resend_invitation(owner: str, project: str, invitation_id: int) -> ViewResponse:
    """Send an invitation once more."""
    access = _find_maintained(owner, project)
    check_button()
    email = invitations.resend(require_account(), access, invitation_id)
    flash(f"The invitation was sent to {email} again. It is valid for {LASTS.days} days.", "success")
    return redirect(f"{access.path}/share")


@sharing.route("/share/leave", methods=["GET", "POST"])
def leave(owner: str, project: str) -> ViewResponse:
    """Take part no longer; asks first."""
    account = require_account()
    access = project_for(account, owner, project)
    form = PageForm()
    left = form.attempt(lambda: roles.leave(account, access))
    if left is None:
        return render_template("projects/leave.html", project=access, form=form), form.status
    flash(f"You left {left}.", "success")
    return redirect("/")


def _add(access: ProjectAccess, form: PeopleForm) -> people.Sharing:
    named = split_people(form.person.data)
    if not named:
        raise people.UnknownPerson("Enter a user name or an e-mail address.")
    shared = people.add_people(reauthenticate().account, access, people=named, role=form.role.data)
    if len(named) == 1 and shared.refused:
        raise shared.refused[0].refusal
    return shared


def _render(access: ProjectAccess, form: PeopleForm) -> str:
    if not access.can_maintain:
        return render_template("projects/share.html", project=access)
    if not access.is_owner:
        form.role.choices = {value: text for value, text in form.role.choices.items() if value != "owner"}
    facts = {
        "people": people.people_of(access),
        "invitations": invitations.invitations_to(access),
        "links": list_links(access.id),
    }
    return render_template("projects/share.html", project=access, form=form, **facts)


def _find_maintained(owner: str, project: str) -> ProjectAccess:
    return project_for(current_account(), owner, project, "maintainer")

"""Pages of a group as a whole: the new one, its settings, what it stores, its end."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.signin.login import current_account, require_account, require_session
from framework.accounts.signin.reauthentication import reauthenticate
from framework.groups import invitations, operations
from framework.groups.access import GroupAccess, group_for
from framework.groups.forms import DeleteGroupForm, GroupForm, GroupSettingsForm
from framework.projects.core.groups import MEMBER, OWNER
from framework.projects.members.usage import usage_of_owner
from framework.web.answers import ViewResponse
from framework.web.forms import PageForm
from framework.web.paging import page_number

groups = Blueprint("groups", __name__)


@groups.route("/groups/new", methods=["GET", "POST"])
def new() -> ViewResponse:
    """A new group."""
    account = require_account()
    form = GroupForm()
    group = form.attempt(lambda: operations.create_group(account, name=form.name.data, title=form.title.data))
    if group is None:
        return render_template("groups/new.html", form=form), form.status
    flash(f"The group {group.name} was created. Add its people.", "success")
    return redirect(f"{group.path}/people")


@groups.get("/groups")
def show_all() -> str:
    """The groups that somebody is in."""
    return render_template("groups/groups.html", groups=operations.list_groups_of(require_account()))


@groups.route("/<owner>/settings", methods=["GET", "POST"])
def settings(owner: str) -> ViewResponse:
    """The group's name, title, and what members may do."""
    account, group = require_account(), _find_owned(owner)
    form = GroupSettingsForm(data=_read_settings(group))
    changed = form.attempt(lambda: _change(account, group, form))
    if changed is None:
        facts = {"group": group, "form": form, "deletion": DeleteGroupForm(formdata=None)}
        return render_template("groups/settings.html", **facts), form.status
    flash("The settings are saved.", "success")
    return redirect(f"{changed.path}/settings")


@groups.post("/<owner>/settings/delete")
def delete(owner: str) -> ViewResponse:
    """Delete a group that owns nothing; its name is typed again."""
    group = _find_owned(owner)
    form = DeleteGroupForm()
    done = form.attempt(lambda: _delete(group, form))
    if done is None:
        unchanged = GroupSettingsForm(formdata=None, data=_read_settings(group))
        facts = {"group": group, "form": unchanged, "deletion": form}
        return render_template("groups/settings.html", **facts), form.status
    flash(f"The group {group.name} was deleted.", "success")
    return redirect("/groups")


@groups.get("/<owner>/settings/usage")
def usage(owner: str) -> str:
    """What the group's projects hold, and what takes the room; members fill it, too, and may know."""
    group = group_for(current_account(), owner, MEMBER)
    used = usage_of_owner(group.id, page_number(request.args))
    facts = {"usage": used, "held": used.held, "plan": used.held.plan, "students": False}
    limit = used.held.plan.limit_file(config.current().max_file_bytes)
    return render_template("groups/usage.html", group=group, file_bytes=limit, **facts)


@groups.route("/groups/invitations/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ViewResponse:
    """What the link in an invitation's mail leads to; whoever is signed in can accept it."""
    pending = invitations.read_invitation(token)
    form = PageForm()
    path = form.attempt(lambda: invitations.accept(require_session(), token))
    if path is None:
        return render_template("groups/invitation.html", form=form, invitation=pending), form.status
    flash(f"You are in the group {pending.group} now.", "success")
    return redirect(path)


def _change(account: Account, group: GroupAccess, form: GroupSettingsForm) -> GroupAccess:
    needed = form.owners_need_factor.data
    if group.owners_need_factor and not needed:
        reauthenticate()  # whoever finds an open browser does not take the protection away
    given = {"name": form.name.data, "title": form.title.data, "member_role": form.member_role.data}
    return operations.update_group(account, group, **given, owners_need_factor=needed)


def _read_settings(group: GroupAccess) -> dict[str, Any]:
    return {name: getattr(group, name) for name in ("name", "title", "member_role", "owners_need_factor")}


def _delete(group: GroupAccess, form: DeleteGroupForm) -> bool:
    operations.delete_group(reauthenticate().account, group, confirmation=form.confirmation.data)
    return True


def _find_owned(owner: str) -> GroupAccess:
    return group_for(current_account(), owner, OWNER)

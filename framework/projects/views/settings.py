"""A project's settings and branch rules, for maintainers; what cannot be undone is for owners."""

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.signin.login import current_account, require_account
from framework.accounts.signin.reauthentication import reauthenticate
from framework.errors import Invalid
from framework.gitcore.ref_names import TAGS, short_name
from framework.projects.branches import operations as refs
from framework.projects.branches import rules
from framework.projects.branches.protection import Rule, protection_of
from framework.projects.core import validation
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle import embargo, operations, purging
from framework.projects.views.forms import BranchRuleForm, ConfirmationForm, EmbargoForm, SettingsForm
from framework.repositories.catalog.snapshot import read_snapshot
from framework.web.answers import ViewResponse
from framework.web.forms import check_button

settings = Blueprint("project_settings", __name__, url_prefix="/<owner>/<project>/settings")


class PublishingUnconfirmed(Invalid):
    """A private project is to become public, and nobody has said that its history may be seen."""

    field = "publish"

    def __init__(self) -> None:
        super().__init__("Nothing was changed yet. Tick the box and save again to make the project public.")


class EmbargoUnconfirmed(Invalid):
    """A private project is to turn public, and nobody has said that its history may be seen."""

    field = "publish"

    def __init__(self) -> None:
        super().__init__("Nothing was changed yet. Tick the box and save again.")


@settings.route("", methods=["GET", "POST"])
def general(owner: str, project: str) -> ViewResponse:
    """Name, description, topics and visibility."""
    access = _find_maintained(owner, project)
    account = require_account()
    present = {"name": access.name, "description": access.description, "visibility": access.visibility}
    form = SettingsForm(data={**present, "topics": " ".join(access.topics)})
    if not access.is_owner:
        del form.visibility, form.publish
    name = form.attempt(lambda: _save(account, access, form))
    if name is None:
        seen = read_snapshot(access.repository_id) if "publish" in form.errors else None
        return render_template("projects/settings.html", project=access, form=form, seen=seen), form.status
    flash("The settings are saved.", "success")
    return redirect(f"/{access.owner}/{name}/settings")


@settings.route("/embargo", methods=["GET", "POST"])
def set_embargo(owner: str, project: str) -> ViewResponse:
    """The day on which a private project turns public."""
    access = _find_owned(owner, project)
    form = EmbargoForm(data={"public_on": f"{access.public_at:%Y-%m-%d}" if access.public_at else ""})
    end = form.attempt(lambda: _set_embargo(access, form))
    if end is None:
        facts = {"project": access, "seen": read_snapshot(access.repository_id)}
        return render_template("projects/embargo.html", form=form, **facts), form.status
    flash(f"The project turns public on {end:%-d %B %Y}.", "success")
    return redirect(f"{access.path}/settings")


@settings.post("/embargo/lift")
def lift_embargo(owner: str, project: str) -> ViewResponse:
    """Keep the project private."""
    access = _find_owned(owner, project)
    check_button()
    embargo.lift_embargo(require_account(), access)
    flash("The project stays private.", "success")
    return redirect(f"{access.path}/settings")


@settings.route("/purge", methods=["GET", "POST"])
def purge(owner: str, project: str) -> ViewResponse:
    """Drop for good what no branch or tag leads to; asks for the project's name first."""
    access = _find_owned(owner, project)
    form = ConfirmationForm()
    given = {"confirmation": form.confirmation.data}
    watch = form.attempt(lambda: purging.ask_for_purge(reauthenticate().account, access, **given))
    if watch is None:
        kept_hours = config.current().longest_request_hours
        return render_template("projects/purge.html", project=access, form=form, kept_hours=kept_hours), form.status
    return redirect(watch)


@settings.post("/trash")
def put_into_trash(owner: str, project: str) -> ViewResponse:
    """Put the project into the trash."""
    access = _find_owned(owner, project)
    check_button()
    operations.trash_project(reauthenticate().account, access)
    flash(f"{access.full_name} is in the trash. You can restore it from there.", "success")
    return redirect("/trash")


@settings.route("/branches", methods=["GET", "POST"])
def branches(owner: str, project: str) -> ViewResponse:
    """Which branches are protected, and a form for another rule."""
    access = _find_maintained(owner, project)
    account = require_account()
    form = BranchRuleForm()
    pattern = form.attempt(
        lambda: rules.set_branch_rule(
            account,
            access,
            Rule(
                TAGS * (form.kind.data == "tag") + form.pattern.data.strip(),
                force_push=form.force_push.data,
                deletion=form.deletion.data,
            ),
        )
    )
    if pattern is None:
        page = render_template(
            "projects/branches.html",
            project=access,
            form=form,
            protection=protection_of(access.id),
            branches=sorted(read_snapshot(access.repository_id).branches),
        )
        return page, form.status
    flash(f"The rule for {short_name(pattern)} is saved.", "success")
    return redirect(f"{access.path}/settings/branches")


@settings.post("/branches/default")
def choose_default_branch(owner: str, project: str) -> ViewResponse:
    """Make another branch the default one."""
    access = _find_maintained(owner, project)
    check_button()
    branch = request.form.get("default_branch", "")
    refs.choose_default_branch(require_account(), access, branch)
    flash(f"{branch} is the default branch now.", "success")
    return redirect(f"{access.path}/settings/branches")


@settings.post("/branches/remove")
def remove_branch_rule(owner: str, project: str) -> ViewResponse:
    """Take a rule away."""
    access = _find_maintained(owner, project)
    check_button()
    pattern = request.form.get("pattern", "")
    rules.remove_branch_rule(require_account(), access, pattern)
    flash(f"The rule for {pattern} is removed.", "success")
    return redirect(f"{access.path}/settings/branches")


def _set_embargo(access: ProjectAccess, form: EmbargoForm) -> datetime:
    validation.embargo_end(form.public_on.data)
    if not form.publish.data:
        raise EmbargoUnconfirmed
    return embargo.set_embargo(reauthenticate().account, access, public_on=form.public_on.data)


def _save(account: Account, access: ProjectAccess, form: SettingsForm) -> str:
    return operations.update_project(
        account,
        access,
        name=form.name.data,
        description=form.description.data,
        visibility=_new_visibility(access, form) if access.is_owner else None,
        topics=form.topics.data,
    )


def _new_visibility(access: ProjectAccess, form: SettingsForm) -> str | None:
    if form.visibility.data == access.visibility:
        return None
    if form.visibility.data == "public" and not form.publish.data:
        raise PublishingUnconfirmed
    reauthenticate()
    return str(form.visibility.data)


def _find_maintained(owner: str, project: str) -> ProjectAccess:
    return project_for(current_account(), owner, project, "maintainer")


def _find_owned(owner: str, project: str) -> ProjectAccess:
    return project_for(current_account(), owner, project, "owner")

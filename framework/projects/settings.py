"""A project's settings, its people and the rules of its branches, for owners."""

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from framework import config
from framework.accounts.login import current_account, signed_in
from framework.projects import archiving, branch_rules, operations, people, purging
from framework.projects.access import ProjectAccess, project_for
from framework.projects.forms import BranchRuleForm, PersonForm, PurgeForm, SettingsForm
from framework.projects.protection import Rule, protection_of
from framework.repositories.holdings import read_holdings
from framework.repositories.status import read_status
from framework.storage.prices import NAMES, costs_of
from framework.web.forms import check_button

settings = Blueprint("project_settings", __name__, url_prefix="/<owner>/<project>/settings")

Answer = Response | tuple[str, int]


@settings.route("", methods=["GET", "POST"])
def general(owner: str, project: str) -> Answer:
    """Name, description, topics and visibility."""
    access = _owned(owner, project)
    account = signed_in()
    present = {"name": access.name, "description": access.description, "visibility": access.visibility}
    form = SettingsForm(data={**present, "topics": " ".join(access.topics)})
    name = form.attempt(
        lambda: operations.update_project(
            account,
            access,
            name=form.name.data,
            description=form.description.data,
            visibility=form.visibility.data,
            topics=form.topics.data,
        )
    )
    if name is None:
        return render_template("projects/settings.html", project=access, form=form), form.status
    flash("The settings are saved.", "success")
    return redirect(f"/{access.owner}/{name}/settings")


@settings.route("/purge", methods=["GET", "POST"])
def purge(owner: str, project: str) -> Answer:
    """Drop for good what no branch or tag leads to; asks for the project's name first."""
    access = _owned(owner, project)
    account = signed_in()
    form = PurgeForm()
    watch = form.attempt(lambda: purging.ask_for_purge(account, access, confirmation=form.confirmation.data))
    if watch is None:
        kept_hours = config.current().longest_request_hours
        return render_template("projects/purge.html", project=access, form=form, kept_hours=kept_hours), form.status
    return redirect(watch)


@settings.post("/trash")
def put_into_trash(owner: str, project: str) -> Answer:
    """Put the project into the trash."""
    access = _owned(owner, project)
    check_button()
    operations.trash_project(signed_in(), access)
    flash(f"{access.full_name} is in the trash. You can restore it from there.", "success")
    return redirect("/trash")


@settings.route("/people", methods=["GET", "POST"])
def members(owner: str, project: str) -> Answer:
    """Who takes part, and a form to add somebody."""
    access = _owned(owner, project)
    account = signed_in()
    form = PersonForm()
    name = form.attempt(lambda: people.add_person(account, access, person=form.person.data, role=form.role.data))
    if name is None:
        page = render_template("projects/people.html", project=access, form=form, people=people.people_of(access))
        return page, form.status
    flash(f"{name} takes part now, and gets a mail about it.", "success")
    return redirect(f"{access.path}/settings/people")


@settings.post("/people/<int:person_id>/role")
def change_role(owner: str, project: str, person_id: int) -> Answer:
    """Give somebody another role."""
    access = _owned(owner, project)
    check_button()
    name = people.change_role(signed_in(), access, person_id=person_id, role=request.form.get("role", ""))
    flash(f"The role of {name} is changed.", "success")
    return redirect(f"{access.path}/settings/people")


@settings.post("/people/<int:person_id>/remove")
def remove(owner: str, project: str, person_id: int) -> Answer:
    """Let somebody take part no longer."""
    access = _owned(owner, project)
    check_button()
    name = people.remove_person(signed_in(), access, person_id=person_id)
    flash(f"{name} takes part no longer.", "success")
    return redirect(f"{access.path}/settings/people")


@settings.route("/branches", methods=["GET", "POST"])
def branches(owner: str, project: str) -> Answer:
    """Which branches are protected, and a form for another rule."""
    access = _owned(owner, project)
    account = signed_in()
    form = BranchRuleForm()
    pattern = form.attempt(
        lambda: branch_rules.set_branch_rule(
            account, access, Rule(form.pattern.data, force_push=form.force_push.data, deletion=form.deletion.data)
        )
    )
    if pattern is None:
        page = render_template("projects/branches.html", project=access, form=form, protection=protection_of(access.id))
        return page, form.status
    flash(f"The rule for {pattern} is saved.", "success")
    return redirect(f"{access.path}/settings/branches")


@settings.post("/branches/remove")
def remove_branch_rule(owner: str, project: str) -> Answer:
    """Take a rule away."""
    access = _owned(owner, project)
    check_button()
    pattern = request.form.get("pattern", "")
    branch_rules.remove_branch_rule(signed_in(), access, pattern)
    flash(f"The rule for {pattern} is removed.", "success")
    return redirect(f"{access.path}/settings/branches")


@settings.get("/storage")
def storage(owner: str, project: str) -> str:
    """What is stored of the project, what a month of it costs, and when it was last verified."""
    access = _owned(owner, project)
    holdings, status = read_holdings(access.repository_id), read_status(access.repository_id)
    return render_template(
        "projects/storage.html",
        project=access,
        holdings=holdings,
        status=status,
        costs=costs_of(holdings.classes),
        idle_days=config.current().idle_days,
        archive_class=NAMES.get(config.current().archive_storage_class or ""),
    )


@settings.post("/storage/archive")
def archive(owner: str, project: str) -> Answer:
    """Have the project packed neatly, and its copies dropped."""
    access = _owned(owner, project)
    check_button()
    return redirect(f"/work/{archiving.ask_for_archive(signed_in(), access)}")


def _owned(owner: str, project: str) -> ProjectAccess:
    return project_for(current_account(), owner, project, "owner")

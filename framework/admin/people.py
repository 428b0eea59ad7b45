"""`/admin/people`: who has an account, and what an administrator does with it."""

from flask import flash, redirect, render_template, request

from framework import config
from framework.accounts.factors import administration as factors
from framework.accounts.factors.checking import read_ways
from framework.accounts.lifecycle import account_invitations, administration
from framework.accounts.signin.reauthentication import reauthenticate
from framework.admin import lists
from framework.admin.forms import GiveGroupPlanForm, GivePlanForm, InviteForm, ResetFactorForm, SuspendForm
from framework.admin.guard import NoSuchPage, administrators_only
from framework.admin.lists import ListedPerson
from framework.admin.requests import read_list_request
from framework.audit.reading import AuditQuery, read_entries
from framework.groups.suspension import resume_group, suspend_group
from framework.web.answers import ViewResponse
from framework.web.forms import check_button

people = administrators_only("admin_people", "/admin/people")


@people.get("")
def show_all() -> str:
    """Everyone who has an account."""
    asked = read_list_request(request.args)
    choices = {"states": lists.PEOPLE_STATES, "orders": lists.PEOPLE_ORDERS}
    return render_template("doctor/people.html", asked=asked, listing=lists.list_people(asked), **choices)


@people.get("/invitations")
def invitations() -> ViewResponse:
    """Who was invited to sign up and has not yet, and a form to invite somebody."""
    return _invitations_page(InviteForm(formdata=None))


@people.post("/invitations")
def invite() -> ViewResponse:
    """Let an address sign up, whatever `SIGNUP` says."""
    form = InviteForm()
    invited = form.attempt(lambda: account_invitations.invite_to_sign_up(form.email.data, by=reauthenticate().account))
    if invited is None:
        return _invitations_page(form)
    flash(f"An invitation is on its way to {invited}.", "success")
    return redirect("/admin/people/invitations")


@people.post("/invitations/<int:invitation_id>/withdraw")
def withdraw_invitation(invitation_id: int) -> ViewResponse:
    """Take an invitation back."""
    check_button()
    account_invitations.withdraw_invitation(invitation_id, by=reauthenticate().account)
    flash("The invitation was withdrawn.", "success")
    return redirect("/admin/people/invitations")


@people.get("/<name>")
def show(name: str) -> ViewResponse:
    """One account or group: its plan, what it stores, and what can be done with it."""
    return _page(_find_owner(name), SuspendForm(formdata=None))


@people.post("/<name>/suspend")
def suspend(name: str) -> ViewResponse:
    """Let the account do nothing, or nobody act through the group, until it is resumed."""
    owner, form = _find_owner(name), SuspendForm()
    end = suspend_group if owner.is_group else administration.suspend
    done = form.attempt(lambda: end(owner.name, reason=form.reason.data, by=reauthenticate().account))
    if done is None:
        return _page(owner, form)
    what = "suspended" if owner.is_group else "suspended, and signed out everywhere"
    flash(f"{done} is {what}. A mail says why.", "success")
    return redirect(f"/admin/people/{done}")


@people.post("/<name>/resume")
def resume(name: str) -> ViewResponse:
    """Let a suspended account in again, or have a suspended group's roles count again."""
    owner = _find_owner(name)
    check_button()
    resume_it = resume_group if owner.is_group else administration.resume
    done = resume_it(owner.name, by=reauthenticate().account)
    flash(f"{done} can {'be used' if owner.is_group else 'sign in'} again.", "success")
    return redirect(f"/admin/people/{done}")


@people.post("/<name>/second-factor")
def reset_second_factor(name: str) -> ViewResponse:
    """Remove the second factor of somebody who has lost it."""
    person, form = _find(name), ResetFactorForm()
    done = form.attempt(
        lambda: factors.reset_second_factor(person.name, reason=form.reason.data, by=reauthenticate().account)
    )
    if done is None:
        return _page(person, SuspendForm(formdata=None), reset=form)
    flash(f"{done} has no second factor any more, and is signed out everywhere. A mail says why.", "success")
    return redirect(f"/admin/people/{done}")


@people.post("/<name>/plan")
def give_plan(name: str) -> ViewResponse:
    """Give the account or group another plan."""
    person = _find_owner(name)
    form = _plan_form(person)()
    plan = form.plan.data or None
    done = form.attempt(lambda: administration.give_plan(person.name, plan, by=reauthenticate().account))
    if done is None:
        return _page(person, SuspendForm(formdata=None), form)
    flash(f"{done} has another plan now.", "success")
    return redirect(f"/admin/people/{done}")


def _invitations_page(form: InviteForm) -> ViewResponse:
    facts = {"form": form, "invitations": account_invitations.list_invitations(), "signup": config.current().signup}
    return render_template("doctor/invitations.html", **facts), form.status


def _find(name: str) -> ListedPerson:
    person = _find_owner(name)
    if person.is_group:
        raise NoSuchPage
    return person


def _find_owner(name: str) -> ListedPerson:
    owner = lists.find_listed_person(name)
    if owner is None:
        raise NoSuchPage
    return owner


def _plan_form(owner: ListedPerson) -> type[GivePlanForm]:
    return GiveGroupPlanForm if owner.is_group else GivePlanForm


def _page(
    person: ListedPerson,
    suspension: SuspendForm,
    plan: GivePlanForm | None = None,
    reset: ResetFactorForm | None = None,
) -> ViewResponse:
    held = administration.read_plan_of(person.name)
    resetting = reset or ResetFactorForm(formdata=None)
    form = plan or _plan_form(person)(formdata=None, data={"plan": held.plan.name if held.given else ""})
    page = render_template(
        "doctor/person.html",
        person=person,
        held=held,
        suspension=suspension,
        ways=read_ways(person.id),
        reset=resetting,
        form=form,
        projects=lists.list_largest_of(person.id),
        entries=read_entries(AuditQuery(person_id=person.id)).entries,
    )
    return page, max(suspension.status, form.status, resetting.status)

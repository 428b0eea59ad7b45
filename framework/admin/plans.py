"""`/admin/plans`: what each plan allows."""

from flask import flash, redirect, render_template

from framework.accounts.core.plans import PLANS, Plan, default_plan
from framework.accounts.lifecycle import plan_editing
from framework.accounts.signin.reauthentication import reauthenticate
from framework.admin.forms import PlanForm
from framework.admin.guard import NoSuchPage, administrators_only
from framework.web.answers import ViewResponse
from framework.web.forms import check_button

plans = administrators_only("admin_plans", "/admin/plans")


@plans.get("")
def show_all() -> ViewResponse:
    """All plans, each with its form."""
    return _page({})


@plans.post("/<name>")
def edit(name: str) -> ViewResponse:
    """Let a plan allow something else."""
    if name not in PLANS:
        raise NoSuchPage
    form = PlanForm()
    form.attempt(lambda: _edit(form, name))
    if form.status != 200:
        return _page({name: form})
    flash(f"The plan {name} is saved. It holds at once.", "success")
    return redirect("/admin/plans")


@plans.post("/<name>/reset")
def reset(name: str) -> ViewResponse:
    """Let a plan allow what the settings of the deployment say."""
    if name not in PLANS:
        raise NoSuchPage
    check_button()
    plan_editing.reset_plan(name, by=reauthenticate().account)
    flash(f"The plan {name} is as it was in the beginning.", "success")
    return redirect("/admin/plans")


def _edit(form: PlanForm, name: str) -> Plan:
    plan = form.plan(name)
    plan_editing.edit_plan(plan, by=reauthenticate().account)
    return plan


def _page(tried: dict[str, PlanForm]) -> ViewResponse:
    known = plan_editing.list_plans()
    forms = {plan.name: tried.get(plan.name) or PlanForm.of(plan) for plan in known}
    facts = {"defaults": {name: default_plan(name) for name in PLANS}, "given": plan_editing.count_given()}
    page = render_template("doctor/plans.html", plans=known, forms=forms, **facts)
    return page, max(form.status for form in forms.values())

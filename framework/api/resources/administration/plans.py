"""`/admin/plans`: what each plan allows."""

from flask import Response

from framework.accounts.core.plans import Plan
from framework.accounts.lifecycle import plan_editing
from framework.accounts.lifecycle.plan_editing import Given
from framework.api.admin_bodies import PlanBody
from framework.api.answers import answer
from framework.api.bodies import read_body
from framework.api.calls import Call, describe
from framework.api.documents.administration import AdministeredPlan
from framework.api.resources.administration.access import administrators_only, current_administrator

plans = administrators_only("admin_plans", "/plans")


@plans.get("")
@describe(Call({200: [AdministeredPlan]}, needs="administrator"))
def list_plans() -> Response:
    """All plans, the smallest first."""
    given = plan_editing.count_given()
    return answer([AdministeredPlan.of(plan, given.get(plan.name, Given())) for plan in plan_editing.list_plans()])


@plans.put("/<plan>")
@describe(Call({200: AdministeredPlan}, needs="administrator", body=PlanBody))
def edit_plan(plan: str) -> Response:
    """Let a plan allow something else; it holds at once for everybody who has it."""
    body = read_body(PlanBody)
    edited = Plan(plan, body.stored_bytes, body.private_projects, body.file_bytes)
    plan_editing.edit_plan(edited, by=current_administrator())
    return _show(edited)


@plans.delete("/<plan>")
@describe(Call({200: AdministeredPlan}, needs="administrator"))
def reset_plan(plan: str) -> Response:
    """Let a plan allow again what the settings of the server say."""
    return _show(plan_editing.reset_plan(plan, by=current_administrator()))


def _show(plan: Plan) -> Response:
    return answer(AdministeredPlan.of(plan, plan_editing.count_given().get(plan.name, Given())))

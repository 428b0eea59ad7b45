"""What an owner has and may have, and the refusals of what goes beyond."""

from dataclasses import dataclass

from framework import config
from framework.accounts.core.plans import Plan
from framework.errors import Conflict, TooLarge
from framework.formatting import format_limit, format_size


@dataclass(frozen=True)
class OwnerUsage:
    """An owner's plan, and what the owner's projects hold of it, those in the trash included; `group` is one's name."""

    plan: Plan
    used_bytes: int
    group: str | None = None

    @property
    def room_bytes(self) -> int:
        """How much more there is room for; negative where a plan has become smaller."""
        return self.plan.most_bytes - self.used_bytes


class QuotaExceeded(TooLarge):
    """The owner's projects would hold more than the quota."""

    def __init__(self, owner: str, usage: OwnerUsage, *, new_bytes: int) -> None:
        address, plan = config.current().base_url, usage.plan
        super().__init__(
            f"The projects of {owner} together may hold {format_size(plan.most_bytes)} (plan: {plan.name}). They hold"
            f" {format_size(usage.used_bytes)}, the trash included, and this would add {format_size(new_bytes)}."
            f" Nothing was stored. {f'Owners of {owner}' if usage.group else owner} can free room at once by deleting"
            f" projects for good from the trash ({address}/trash), remove old versions of large files under Storage in"
            f" a project's settings, or ask the administrator for another plan: {address}{usage_path(usage.group)}"
        )


class TooManyPrivateProjects(Conflict):
    """The owner has as many private projects as the plan allows."""

    field = "visibility"

    def __init__(self, plan: Plan, group: str | None) -> None:
        address = config.current().base_url
        super().__init__(
            f"The plan {plan.name} allows {plan.private_projects:,} private"
            f" project{'' if plan.private_projects == 1 else 's'}, the trash included, and there are as many. Make one"
            f" public, delete one for good from the trash ({address}/trash), or ask the administrator for another"
            f" plan: {address}{usage_path(group)}"
        )


class FileOverPlan(TooLarge):
    """A file is larger than the owner's plan allows."""

    def __init__(self, path: str, plan: Plan, *, size_bytes: int) -> None:
        super().__init__(
            f"“{path}” is {format_limit(size_bytes)}; a file may have {format_limit(plan.file_bytes or 0)} in projects"
            f" with the plan {plan.name}. Nothing was stored. Make the file smaller, or have the project's owner ask"
            " for another plan."
        )


class StoreFull(TooLarge):
    """The projects of all owners would hold more than `STORE_MAX_BYTES`."""

    def __init__(self) -> None:
        super().__init__(
            "This server has no room for more files. Nothing was stored. Write to the people who run "
            f"{config.current().base_url}, who can make room."
        )


def usage_path(group: str | None) -> str:
    """The address of the page on which the group of this name, or else a person, sees what takes the room."""
    return f"/{group}/settings/usage" if group else "/settings/usage"

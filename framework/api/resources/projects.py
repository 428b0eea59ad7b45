"""Projects: what the caller may see of them, and what owners do with them."""

import hashlib
import json

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.api import callers
from framework.api.answers import LOCATION, answer, no_content
from framework.api.bodies import CopyBody, EmbargoBody, ProjectBody, ProjectChanges, read_body
from framework.api.calls import Call, describe
from framework.api.documents.projects import OriginComparison, Project, ShownProject, Storage, Work
from framework.api.idempotency import Created, Keep, create_once
from framework.api.paging import PAGE, links, page_length, page_number
from framework.copies import operations as copies
from framework.copies import origins
from framework.copies.operations import NewCopy
from framework.projects.core import queries
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.core.jobs import read_job
from framework.projects.lifecycle import archiving, embargo, operations
from framework.repositories.cache.status import read_status

projects = Blueprint("projects", __name__, url_prefix="/projects")

FILTERS = {
    "q": "Only projects with this text in name or description, in any case.",
    "owner": "Only projects of the owner with this user name.",
}


@projects.get("")
@describe(Call({200: [Project]}, query=FILTERS | PAGE))
def list_projects() -> Response:
    """The projects that the caller may see, the latest change first."""
    viewer, number = callers.visitor(), page_number()
    length = page_length(queries.PAGE)
    asked = request.args.get("q", ""), request.args.get("owner", "")
    listing = queries.search(viewer, asked[0], owner=asked[1], page=number, length=length)
    return answer([Project.of(access) for access in listing.projects], headers=links(number, more=listing.more))


@projects.post("")
@describe(Call({201: ShownProject}, needs="write", body=ProjectBody, refusals=(409,), keyed=True))
def create_project() -> Response:
    """Create a project of the caller's: empty, or with the newest files of a template as its first version."""
    account = callers.writer()
    body = read_body(ProjectBody)
    digest = hashlib.sha256(json.dumps(body.model_dump()).encode()).hexdigest()
    return create_once(account, digest, lambda keep: _create(account, body, keep)).response()


@projects.get("/<owner>/<project>")
@describe(Call({200: ShownProject}))
def show_project(owner: str, project: str) -> Response:
    """One project."""
    return _show(callers.visitor(), owner, project)


@projects.patch("/<owner>/<project>")
@describe(Call({200: ShownProject}, needs="write", body=ProjectChanges, refusals=(409,)))
def change_project(owner: str, project: str) -> Response:
    """Change the default branch, or anything else, which needs the scope `admin`.

    For maintainers; the visibility is for owners.
    """
    account = callers.writer()
    access = project_for(account, owner, project, "maintainer")
    wanted = read_body(ProjectChanges).model_dump(exclude_none=True)
    if wanted.keys() != {"default_branch"}:
        callers.administrator()
    is_template = wanted.pop("is_template", None)
    name = operations.update_project(account, access, **wanted) if wanted else access.name
    if is_template is not None:
        copies.set_template(account, access, wanted=is_template)
    return _show(account, owner, name)


@projects.get("/<owner>/<project>/origin")
@describe(Call({200: OriginComparison}))
def compare_with_origin(owner: str, project: str) -> Response:
    """How far a copy and its original have gone since; 404 where there is none that the caller may see."""
    viewer = callers.visitor()
    return answer(OriginComparison.of(origins.compare(viewer, project_for(viewer, owner, project))))


@projects.put("/<owner>/<project>/embargo")
@describe(Call({200: Project}, needs="admin", body=EmbargoBody, refusals=(409,)))
def set_embargo(owner: str, project: str) -> Response:
    """Have a private project turn public at the beginning of a day, instead of any other day; for owners."""
    account = callers.administrator()
    access = project_for(account, owner, project, "owner")
    embargo.set_embargo(account, access, public_on=read_body(EmbargoBody).public_on)
    return answer(Project.of(project_for(account, owner, project)))


@projects.delete("/<owner>/<project>/embargo")
@describe(Call({204: None}, needs="admin", refusals=(409,)))
def lift_embargo(owner: str, project: str) -> Response:
    """Keep a project private that would turn public; for owners."""
    account = callers.administrator()
    embargo.lift_embargo(account, project_for(account, owner, project, "owner"))
    return no_content()


@projects.delete("/<owner>/<project>")
@describe(Call({204: None}, needs="admin"))
def trash_project(owner: str, project: str) -> Response:
    """Put a project into the trash, from where its owners can restore it; for owners."""
    account = callers.administrator()
    operations.trash_project(account, project_for(account, owner, project, "owner"))
    return no_content()


@projects.post("/<owner>/<project>/copies")
@describe(Call({201: ShownProject}, needs="write", body=CopyBody, refusals=(409,), keyed=True))
def copy_project(owner: str, project: str) -> Response:
    """Copy a project that the caller may read, with every version, to one of their own.

    A large one is still empty when this answers; a worker fills it.
    """
    account = callers.writer()
    origin = project_for(account, owner, project)
    body = read_body(CopyBody)
    digest = hashlib.sha256(json.dumps(body.model_dump()).encode()).hexdigest()
    return create_once(account, digest, lambda keep: _copy(account, origin, body, keep)).response()


@projects.get("/<owner>/<project>/storage")
@describe(Call({200: Storage}))
def show_storage(owner: str, project: str) -> Response:
    """Where the project's bytes are."""
    access = project_for(callers.visitor(), owner, project)
    return answer(Storage.of(read_status(access.repository_id)))


@projects.post("/<owner>/<project>/storage/archive")
@describe(Call({202: Work}, needs="write"))
def archive_project(owner: str, project: str) -> Response:
    """Pack a project neatly in the store and drop its local copies, by a worker; for maintainers."""
    account = callers.writer()
    access = project_for(account, owner, project, "maintainer")
    work = read_job(account, access, archiving.ask_for_archive(account, access))
    place = f"/api/v1/projects{access.path}/works/{work.id}"
    return answer(Work.of(work), 202, headers={LOCATION: place})


@projects.get("/<owner>/<project>/works/<work_id>")
@describe(Call({200: Work}))
def show_work(owner: str, project: str, work_id: str) -> Response:
    """How far a long work on the project is."""
    account = callers.visitor()
    return answer(Work.of(read_job(account, project_for(account, owner, project), work_id)))


def _show(viewer: Account | None, owner: str, project: str) -> Response:
    access = project_for(viewer, owner, project)
    return answer(ShownProject.about(access, origins.find_origin(viewer, access)))


def _create(account: Account, body: ProjectBody, keep: Keep) -> Created:
    def record(session: Session, access: ProjectAccess) -> None:
        keep(session, _answer_created(access))

    if body.template is not None:
        return _begin_from_template(account, body, keep)
    access = operations.create_project(
        account,
        name=body.name,
        description=body.description,
        visibility=body.visibility,
        owner=body.owner,
        in_transaction=record,
    )
    return _answer_created(access)


def _copy(account: Account, origin: ProjectAccess, body: CopyBody, keep: Keep) -> Created:
    def record(session: Session, access: ProjectAccess) -> None:
        keep(session, _answer_created(access, origin))

    kind = "branch" if body.default_branch_only else "copy"
    new = NewCopy(body.name or origin.name, body.description, body.visibility, kind, body.owner)
    return _answer_created(copies.copy_project(account, origin, new, in_transaction=record).project, origin)


def _begin_from_template(account: Account, body: ProjectBody, keep: Keep) -> Created:
    owner, _, name = (body.template or "").partition("/")
    template = project_for(account, owner, name)

    def record(session: Session, access: ProjectAccess) -> None:
        keep(session, _answer_created(access, template))

    new = NewCopy(body.name, body.description, body.visibility, "template", body.owner)
    return _answer_created(copies.copy_project(account, template, new, in_transaction=record).project, template)


def _answer_created(access: ProjectAccess, origin: ProjectAccess | None = None) -> Created:
    """What `GET` answers about it from now on."""
    return Created(201, f"/api/v1/projects{access.path}", ShownProject.about(access, origin).model_dump_json())

"""`flask storage …`: what lies where, what is whole, what is lost, what can go."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import click
from flask.cli import AppGroup

from framework import config
from framework.celery.jobs import track_items, track_progress
from framework.cli.figures import report_lines
from framework.cli.refusals import record_manual_run, report_refusals
from framework.drill.drill import rehearse
from framework.errors import HoldfastError
from framework.formatting import format_size
from framework.projects.core.directory import Listed, find_project, list_every_project
from framework.projects.lifecycle.adoption import restore_recorded_project, tell_of_recovery
from framework.repositories.cache import eviction
from framework.repositories.cache.status import read_status
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.maintenance import archiving
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.consolidation import STEPS
from framework.repositories.maintenance.indexes import list_lacking, write_indexes
from framework.repositories.maintenance.scrub import record_restore
from framework.repositories.maintenance.verification import Verified, verify
from framework.repositories.recovery import recovery
from framework.repositories.recovery.planning import Recovered
from framework.storage import current

storage_commands = AppGroup("storage", help="The repositories' storage.")

take_over_option = click.option(
    "--take-over",
    is_flag=True,
    help="Take the bucket even while another deployment uses it; that one then stops writing.",
)
rehearse_option = click.option(
    "--dry-run", "--rehearse", "rehearse", is_flag=True, help="Say what would be done, and write nothing."
)


@storage_commands.command("status")
@click.argument("project", required=False, metavar="[OWNER/PROJECT]")
@report_refusals
def status(project: str | None) -> None:
    """Say for each project how many packs and bytes it has, its version, and whether this machine has a copy (hot)."""
    for listed in _chosen(project):
        found = read_status(listed.repository_id)
        click.echo(
            f"{found.state:<4} {listed.full_name}: version {found.version}, {_count(found.packs, 'pack')}, "
            f"{_large_files(found.lfs_objects)}{format_size(found.stored_bytes)} stored, "
            f"{format_size(found.cached_bytes)} here, "
            f"last used {found.last_access_at:%Y-%m-%d %H:%M} UTC"
        )


@storage_commands.command("archive")
@click.argument("project", metavar="OWNER/PROJECT")
@report_refusals
def archive(project: str) -> None:
    """Pack a project neatly in the store, and drop its local copy; the next page fetches what it needs."""
    listed = find_project(project)
    with track_progress("consolidation", total=STEPS, project_id=listed.id) as work:
        done = archiving.archive(listed.repository_id, work)
    click.echo(done.sentence)
    if not done.dropped:
        raise click.ClickException("The local copy is in use; drop it later with `flask storage evict`.")
    click.echo("Dropped the local copy.")


@storage_commands.command("evict")
@click.argument("project", required=False, metavar="[OWNER/PROJECT]")
@click.option("--all", "every", is_flag=True, help="Every local copy.")
@report_refusals
def evict(project: str | None, *, every: bool) -> None:
    """Drop the local copy of a project, or of all; the store keeps everything, and the next page fetches it."""
    if every == bool(project):
        raise click.UsageError("Name a project as OWNER/PROJECT, or say --all.")
    ids = [path.stem for path in eviction.copies()] if project is None else [find_project(project).repository_id]
    in_use = [repository_id for repository_id in ids if not eviction.evict(repository_id)]
    click.echo(f"Dropped {_count(len(ids) - len(in_use), 'local copy', 'local copies')}.")
    if in_use:
        raise click.ClickException(
            f"{_count(len(in_use), 'local copy is', 'local copies are')} in use; repeat this in a moment."
        )


@storage_commands.command("verify")
@click.argument("project", required=False, metavar="[OWNER/PROJECT]")
@report_refusals
def verify_projects(project: str | None) -> None:
    """Read every object back, check lengths, hashes, the journal and `git fsck`; one line a project."""
    chosen = _chosen(project)
    whole = 0
    with track_progress("verification", total=len(chosen), project_id=chosen[0].id if project else None) as work:
        for listed in chosen:
            work.say(f"Reading {listed.full_name}")
            whole += _verify_one(listed)
            work.advance()
        work.say(f"{whole} of {_count(len(chosen), 'project')} whole.")
    if whole < len(chosen):
        raise SystemExit(1)


@storage_commands.command("write-indexes")
@click.argument("project", required=False, metavar="[OWNER/PROJECT]")
@report_refusals
def write_missing_indexes(project: str | None) -> None:
    """Before a rollback: store the indexes that small packs lack in the store. Set STORE_SMALL_INDEXES=on first."""
    if not config.current().store_small_indexes:
        raise click.ClickException(
            "New packs would still come without an index. Set STORE_SMALL_INDEXES=on for every process, restart them, "
            "and repeat this."
        )
    names = {listed.repository_id: listed.full_name for listed in _chosen(project)}
    written = faults = 0
    for repository_id in track_items("writing of indexes", list_lacking()):
        if project and repository_id not in names:
            continue
        try:
            written += write_indexes(repository_id)
        except HoldfastError as refusal:  # one project that cannot be read must not keep the others from it
            click.echo(f"FAILS {names.get(repository_id, repository_id)}: {refusal.sentence}")
            faults += 1
    click.echo(f"Stored {_count(written, 'index', 'indexes')}.")
    if faults:
        raise SystemExit(1)


@storage_commands.command("collect")
@click.option("--older-than", type=click.FloatRange(min=0), metavar="HOURS", help="How old an orphan has to be.")
@report_refusals
def collect_orphans(older_than: float | None) -> None:
    """Delete objects that no version and no push names any more; never what the journal names."""
    names = {listed.repository_id: listed.full_name for listed in list_every_project()}
    objects = freed = 0
    with record_manual_run("collect") as note:
        for found in track_items("collection", collect(older_than)):
            objects, freed = objects + found.objects, freed + found.size_bytes
            if found.left_because:
                click.echo(f"Left alone: {names.get(found.repository_id, found.repository_id)}: {found.left_because}.")
        note(objects)
    click.echo(f"Deleted {_count(objects, 'object')} of {format_size(freed)}.")


@storage_commands.command("resume")
@take_over_option
@rehearse_option
@report_refusals
def resume(*, take_over: bool, rehearse: bool) -> None:
    """After the database was restored or copied: bring back what the journal knows beyond it, and start new epochs.

    What another database wrote beside this one is kept on branches named recovered/TIME/BRANCH. Stop the web processes
    and workers first.
    """
    if rehearse:
        report(recovery.resume(restore_recorded_project, rehearse=True), rehearse=True)
        return
    become_owner(force=take_over)
    report(track_items("resumption after a restore", recovery.resume(restore_recorded_project, tell=tell_of_recovery)))


@storage_commands.command("rebuild")
@take_over_option
@rehearse_option
@report_refusals
def rebuild(*, take_over: bool, rehearse: bool) -> None:
    """With an empty database: bring back projects, people, branches and versions from the object store alone."""
    if rehearse:
        report(recovery.rebuild(restore_recorded_project, rehearse=True), rehearse=True)
        return
    recovery.refuse_used_database()
    become_owner(force=take_over)
    report(track_items("rebuild", recovery.rebuild(restore_recorded_project)))


@storage_commands.command("report")
@report_refusals
def report_all() -> None:
    """What is stored of all projects, what a month of it costs, when it was verified, and how the caches fare."""
    for line in report_lines():
        click.echo(line)


@storage_commands.command("drill")
@report_refusals
def drill() -> None:
    """Rehearse a rebuild from the object store into a scratch database, and compare it with this one."""
    with track_progress("rehearsal of a rebuild"), record_manual_run("drill") as note:
        done = rehearse()
        note(asdict(done))
    for fault in done.faults:
        click.echo(fault)
    click.echo(
        f"{_count(done.repositories, 'repository', 'repositories')} with {_count(done.versions, 'version')} "
        f"compared in {done.seconds:g} s."
    )
    if done.fault_count:
        raise click.ClickException(f"{_count(done.fault_count, 'difference')} found; the lines above tell the first.")


def become_owner(*, force: bool) -> None:
    """Have this database own the bucket before it writes a new epoch; says what is waited for.

    Raises:
        StillOwned: another deployment is at work there, and `force` was not said.
    """
    if current.ownership().take_over(force=force, tell=click.echo):
        click.echo("The bucket belongs to this database now; another deployment that used it refuses to write.")


def report(done: Iterable[Recovered], *, rehearse: bool = False) -> None:
    """Say what came back, or would, as it comes; fails in the end when something could not be read."""
    count = faults = 0
    for found in done:
        count, faults = count + 1, faults + len(found.faults)
        for sentence in _sentences(found, rehearse=rehearse):
            click.echo(sentence)
    click.echo(f"Looked at {_count(count, 'project')}{'; nothing was written' if rehearse else ''}.")
    if faults:
        raise click.ClickException("Some entries of the journal could not be read; the lines above say which.")


def _sentences(found: Recovered, *, rehearse: bool) -> Sequence[str]:
    name, would = _full_name(found), "would have " if rehearse else ""
    lines = [f"{name}: {fault}" for fault in found.faults]
    if found.deleted:
        lines.append(f"{name} was deleted; it stays deleted.")
    elif found.created and found.versions:
        came = "would come back" if rehearse else "came back"
        lines.append(f"{name} {came} with {_count(found.versions, 'version')}; it is private.")
    elif found.versions:
        lines.append(f"{name} {would}got {_count(found.versions, 'version')} back.")
    if found.parallel:
        beside = _count(found.parallel, "version")
        lines.append(
            f"{name}: another database wrote {beside} beside this one's. {_describe_kept(found, rehearse=rehearse)}"
        )
    return lines


def _describe_kept(found: Recovered, *, rehearse: bool) -> str:
    if not found.kept:
        return "Their files are all in this one's versions."
    names = ", ".join(name.removeprefix("refs/heads/").removeprefix("refs/") for name in found.kept)
    return f"What changed there {'would be' if rehearse else 'is'} on: {names}."


def _full_name(found: Recovered) -> str:
    owner, name = found.project.get("owner"), found.project.get("name")
    return f"{owner['name']}/{name}" if owner and name else f"Repository {found.repository_id}"


def _chosen(project: str | None) -> Sequence[Listed]:
    return [find_project(project)] if project else list_every_project()


def _verify_one(listed: Listed) -> bool:
    try:
        found = verify(listed.repository_id)
        record_restore(found)
    except HoldfastError as refusal:  # one project that cannot be read must not hide the others
        click.echo(f"FAILS {listed.full_name}: {refusal.sentence}")
        return False
    click.echo(f"{'FAILS' if found.faults else 'ok   '} {listed.full_name}: {_summary(found)}")
    if found.journal_incomplete and _replace_lost_entries(listed.repository_id):
        click.echo(f"      {listed.full_name}: a new checkpoint of the journal replaces what it has lost.")
    return not found.faults


def _replace_lost_entries(repository_id: str) -> bool:
    try:
        return write_checkpoint(repository_id, least_bytes=0)
    except HoldfastError:
        return False


def _summary(found: Verified) -> str:
    if found.faults:
        return " ".join(found.faults)
    large_files = _large_files(found.lfs_objects)
    return f"version {found.version}, {_count(found.packs, 'pack')}, {large_files}{format_size(found.size_bytes)}"


def _large_files(count: int) -> str:
    return f"{_count(count, 'Git LFS object')}, " if count else ""


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"

"""`flask doctor`: every part tried, one line each."""

import click

from framework.health.doctor import ALL
from framework.health.examination import examine


@click.command("doctor")
@click.argument("parts", nargs=-1, type=click.Choice(list(ALL)), metavar="[PART]...")
def doctor(parts: tuple[str, ...]) -> None:
    """Test every part, or only those named: settings, database, store, objects, drill, broker, workers and so on."""
    findings = examine({part: ALL[part] for part in parts or ALL})
    for finding in findings:
        verdict = "ok" if finding.well else "FAILS" if finding.tried else "-"
        click.echo(f"{verdict:<5} {finding.part:<10} {finding.words}")
    if not all(finding.well for finding in findings):
        raise SystemExit(1)

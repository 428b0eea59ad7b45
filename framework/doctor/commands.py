"""`flask doctor`: every part tried, one line each."""

import click

from framework.doctor.checks import ALL, examine


@click.command("doctor")
def doctor() -> None:
    """Test database, store, stored objects, broker, workers, scheduler, mail, git and limits."""
    findings = examine(ALL)
    for finding in findings:
        click.echo(f"{'ok   ' if finding.well else 'FAILS'} {finding.part:<10} {finding.words}")
    if not all(finding.well for finding in findings):
        raise SystemExit(1)

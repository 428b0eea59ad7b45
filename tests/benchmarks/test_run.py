"""A run of the benchmarks: the tables that were chosen, what could not be measured, and the exit status."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import __main__ as run
from benchmarks.peers.programs import Absent, find_program
from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures


def _lack_peer() -> Table:
    find_program("a-peer-that-nobody-has")
    raise AssertionError


def _fail() -> Table:
    raise OSError("the disk is full")


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run these questions; the status, and what was printed."""
    monkeypatch.chdir(tmp_path)

    def run_with(status: int, *arguments: str, **questions: Callable[[], Table]) -> str:
        monkeypatch.setattr(run, "TABLES", questions)
        assert run.main(list(arguments)) == status
        return capsys.readouterr().out

    return run_with


def test_a_second_run_shows_the_change(ask: Callable[..., str], tmp_path: Path) -> None:
    ask(0, pages=lambda: show_figures("pages", [Figure("a page", 4, "ms", 5)]))
    assert "4.00 (+25 %)" in ask(0, pages=lambda: show_figures("pages", [Figure("a page", 5, "ms", 5)]))
    kept = json.loads((tmp_path / "var" / "bench.json").read_text())
    assert kept["pages"][0]["value"] == 5


def test_a_peer_that_is_not_there_is_named(ask: Callable[..., str]) -> None:
    assert "not measured: there is no a-peer-that-nobody-has" in ask(0, clones=_lack_peer)


def test_a_failure_leaves_the_other_questions_their_answers(ask: Callable[..., str]) -> None:
    printed = ask(1, pushes=_fail, pages=lambda: show_figures("pages", [Figure("a page", 4, "ms", 5)]))
    assert "failed: OSError('the disk is full')" in printed
    assert "pages: a page" in printed


def test_what_no_time_is_left_for_is_named_and_keeps_its_figures(ask: Callable[..., str], tmp_path: Path) -> None:
    ask(0, pages=lambda: show_figures("pages", [Figure("a page", 4, "ms", 5)]))
    assert "The 0 minutes were over before: pages." in ask(0, "--minutes", "0", pages=_fail)
    assert json.loads((tmp_path / "var" / "bench.json").read_text())["pages"][0]["value"] == 4


def test_a_count_over_its_limit_fails_the_run_and_a_time_does_not(ask: Callable[..., str]) -> None:
    ask(0, pages=lambda: show_figures("pages", [Figure("a page", 9, "ms", 5)]))
    ask(1, pages=lambda: show_figures("pages", [Figure("its requests", 9, "", 5)]))


def test_a_program_that_is_not_installed_is_absent() -> None:
    assert find_program("git")
    with pytest.raises(Absent, match="there is no"):
        find_program("a-peer-that-nobody-has")

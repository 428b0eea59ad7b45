"""What a benchmark's figures say: whether a goal is kept, what is missing, and the change since the last run."""

from pathlib import Path

import pytest

from benchmarks.report.figures import Comparison, Figure, Runs, cpu_ratio, ratios, speed, time_ratio
from benchmarks.report.results import keep_results, read_goals, read_results
from benchmarks.report.summary import show_difference, summarize
from benchmarks.report.table import Table, show_comparisons, show_figures, show_seconds, show_verdict


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("at its limit", 4, "ms", 4), "PASS"),
        (Figure("over its limit", 6, "ms", 4), "1.50 x missing"),
        (Figure("fast enough", 3, "x", 3, at_least=True), "PASS"),
        (Figure("too slow", 1.5, "x", 3, at_least=True), "2.00 x missing"),
        (Figure("no requests", 0, "", 0), "PASS"),
        (Figure("a request where there may be none", 1, "", 0), "inf x missing"),
        (Figure("without a goal", 1000, "s"), "PASS"),
    ],
    ids=lambda value: value.name if isinstance(value, Figure) else "",
)
def test_a_figure_passes_or_says_what_is_missing(figure: Figure, verdict: str) -> None:
    assert show_verdict(figure) == verdict
    assert figure.holds == (verdict == "PASS")


def test_only_what_is_counted_decides_about_the_exit_status() -> None:
    slow, many = Figure("a page", 9, "ms", 4), Figure("its requests", 3, "", 2)
    assert show_figures("times", [slow]).holds
    assert not show_figures("counts", [slow, many]).holds


def test_ratios_compare_medians() -> None:
    ours, theirs = Runs([1, 2, 30], [1, 1, 1]), Runs([4, 6, 5], [2, 2, 2])
    assert speed("clone", ours, "git", theirs, least=1).value == 2.5
    assert time_ratio("clone", ours, "git", theirs, most=1).value == 0.4
    assert cpu_ratio("clone", ours, "git", theirs, most=1).value == 0.5
    with pytest.raises(ValueError, match="no CPU time"):
        cpu_ratio("clone", ours, "git", Runs([1]), most=1)


def test_a_figure_of_several_runs_has_the_median_with_the_least_and_the_most() -> None:
    table = show_figures("pages", [Figure.of_runs("a page", [9, 2.5, 4], "ms", 3), Figure("requests", 1048576, "")])
    page, asked = (line.split() for line in table.lines)
    assert page == ["a", "page", "4", "ms", "2.50", "9", "<=", "3", "1.33", "x", "missing"]
    assert asked == ["requests", "1,048,576"]
    assert [(kept["least"], kept["most"]) for kept in table.figures] == [(2.5, 9), (None, None)]


def test_runs_in_turns_are_compared_one_by_one() -> None:
    assert ratios([2, 9], [1, 3]) == [2, 3]
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        ratios([2, 9], [1])


def test_a_comparison_has_a_line_for_each_side_and_names_who_is_absent() -> None:
    ours, theirs = Runs([0.002, 0.001, 0.004], [0.001], statements=3, requests=0), Runs([12.0])
    goal = speed("commit", ours, "s3fs", theirs, least=300)
    absent = {"rclone mount": "no /dev/fuse"}
    plain = Figure("commits a second", 500, "/s")
    table = show_comparisons("commits", [Comparison("commit", ours, {"s3fs": theirs}, [goal, plain], absent)])
    work, holdfast, s3fs, rclone, compared, alone = (line.split() for line in table.lines)
    assert work == ["commit"]
    assert holdfast == ["Holdfast", "2.00", "ms", "1.00", "ms", "4.00", "ms", "1.00", "ms", "3", "0"]
    assert s3fs == ["s3fs", "12.0", "s", "12.0", "s", "12.0", "s"]
    assert rclone == ["rclone", "mount", "not", "measured:", "no", "/dev/fuse"]
    assert compared[-1] == "PASS"
    assert alone == ["commits", "a", "second:", "500.00", "/s"]
    assert table.goals == [goal]
    assert [kept["side"] for kept in table.figures if "side" in kept] == ["Holdfast", "s3fs", "rclone mount"]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.00312, "3.12 ms"), (0.25, "250 ms"), (1.5, "1.50 s"), (41, "41.0 s")]
)
def test_seconds_have_three_digits(seconds: float, shown: str) -> None:
    assert show_seconds(seconds) == shown


def test_the_last_run_is_kept_for_each_table_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "var" / "bench.json"
    pages = show_figures("pages", [Figure("a page", 5, "ms", 4), Figure("another page", 1, "ms")])
    keep_results(file, read_results(file), {"pages": (pages, 12.0)})
    keep_results(file, read_results(file), {"pushes": (show_figures("pushes", []), 1.0)})
    kept = read_results(file)
    assert [figure["name"] for figure in kept["pages"]] == ["a page", "another page"]
    assert read_goals(kept, "pages") == [Figure("a page", 5, "ms", 4)]
    assert read_goals(kept, "never run") == []


def test_results_of_an_older_version_have_no_goals(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    file.write_text('{"pages": [{"page": "a page", "milliseconds": 5.0}]}')
    assert read_goals(read_results(file), "pages") == []


def test_the_summary_has_each_goal_with_the_change_since_the_last_run() -> None:
    found = {
        "pages": (Table("", [], [], [Figure("a page", 6, "ms", 4), Figure("new", 1, "ms", 4)]), 30.0),
        "pushes": (Table("", [], [], [Figure("a push", 1, "x", 0.9, at_least=True)]), 60.0),
    }
    before = {"pages": [Figure("a page", 8, "ms", 4)], "pushes": [Figure("a push", 0.5, "x", 0.9, at_least=True)]}
    _head, page, new, push, last = summarize(found, before)
    assert page.split() == [
        "pages:",
        "a",
        "page",
        "6.00",
        "ms",
        "<=",
        "4",
        "ms",
        "1.50",
        "x",
        "missing",
        "8.00",
        "(-25",
        "%)",
    ]
    assert new.split() == ["pages:", "new", "1.00", "ms", "<=", "4", "ms", "PASS"]
    assert push.split() == ["pushes:", "a", "push", "1.00", "x", ">=", "0.9", "x", "PASS", "0.50", "(+100", "%)"]
    assert last == "2 of 3 goals are kept. The benchmarks took 90 s: pushes 60, pages 30."


def test_no_change_is_told_from_nothing() -> None:
    assert show_difference(Figure("requests", 1, "", 2), Figure("requests", 0, "", 2)) == "0.00"

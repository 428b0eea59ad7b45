"""The limits of sizes: what is at them is left alone, and what is above is named with what to do."""

from pathlib import Path

import pytest

from tools import limits


def write(root: Path, path: str, text: str = "") -> None:
    """A file of a tree."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def function(lines: int) -> str:
    """A function of so many lines, one of them its decorator's."""
    return "@decorated\ndef work():\n" + "    step()\n" * (lines - 2)


def told(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit status and what is printed."""
    return limits.main(root), capsys.readouterr().out


def test_it_says_nothing_of_what_is_at_the_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(15):
        write(tmp_path, f"framework/room/file{number}.py")
    write(tmp_path, "framework/room/__init__.py")
    write(tmp_path, "tests/room/conftest.py", "\n" * 300)
    write(tmp_path, "tools/work.py", function(60))
    assert told(tmp_path, capsys) == (0, "")


@pytest.mark.parametrize("place", ["framework", "tests", "benchmarks", "tools"])
def test_it_names_a_long_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str) -> None:
    write(tmp_path, f"{place}/room/long.py", "x = 1\n" * 301)
    advice = "move an idea of it into a file of its own"
    assert told(tmp_path, capsys) == (1, f"{place}/room/long.py: 301 lines, at most 300: {advice}\n")


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_it_names_a_long_function(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    write(tmp_path, "framework/work.py", "import os\n" + function(61).replace("def", kind))
    advice = "give a step of it a name and a function"
    assert told(tmp_path, capsys) == (1, f"framework/work.py:2: work has 61 lines, at most 60: {advice}\n")


@pytest.mark.parametrize("place", ["framework", "tests"])
def test_it_names_a_folder_with_many_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str) -> None:
    for number in range(16):
        write(tmp_path, f"{place}/room/file{number}.py")
    advice = "put those of one idea into a folder"
    assert told(tmp_path, capsys) == (1, f"{place}/room: 16 Python files, at most 15: {advice}\n")


def test_it_leaves_migrations_and_packages_of_others_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(16):
        write(tmp_path, f"framework/database/migrations/versions/{number}.py", "\n" * 301)
    write(tmp_path, "tools/editor/node_modules/gyp/gyp.py", "\n" * 301)
    assert told(tmp_path, capsys) == (0, "")

"""Long texts: pages of bounded size, and every line has an address."""

import re

from tests.browse.render.made_files import Show

LINES = 60_000
CODE = "".join(f"value_{number} = {number}  # line {number}\n" for number in range(1, LINES + 1))


def numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="L(\d+)"', page)]


def test_a_text_of_60_000_lines_comes_in_pages(shown: Show) -> None:
    visitor = shown({"long.py": CODE.encode()})
    first = visitor.get("/blob/main/long.py")
    assert (numbers(first)[0], numbers(first)[-1], len(first) < 400_000) == (1, 1000, True)
    assert "60,000 lines" in first
    assert "code-comment" in first
    assert numbers(visitor.get("/blob/main/long.py?page=50"))[::999] == [49_001, 50_000]
    assert numbers(visitor.get("/blob/main/long.py?line=50001"))[0] == 50_001
    assert numbers(visitor.get("/blob/main/long.py?page=9999"))[-1] == LINES
    assert 'href="?page=2"' in first
    chosen = visitor.get("/blob/main/long.py?plain=1&encoding=koi8-r&page=2")
    assert 'href="?plain=1&amp;encoding=koi8-r&amp;page=3"' in chosen
    assert "zzz" not in visitor.get("/blob/main/long.py?page=3&encoding=zzz").partition("<main")[2]
    blame = visitor.get("/blame/main/long.py?line=59999")
    assert (numbers(blame)[0], numbers(blame)[-1], len(blame) < 400_000) == (59_001, LINES, True)
    assert ">59001</a>" in blame
    found = visitor.get("/search/main?q=line+50000")
    assert "?plain=1&amp;line=50000#L50000" in found


def test_a_page_of_long_lines_is_bounded(shown: Show) -> None:
    visitor = shown({"wide.txt": (b"x" * 5000 + b"\n") * 1000, "one.txt": b"y" * 9000})
    page = visitor.get("/blob/main/wide.txt")
    assert len(page) < 700_000
    assert "Lines are cut after 400 characters." in page
    assert "Lines are cut" not in visitor.get("/blob/main/one.txt")

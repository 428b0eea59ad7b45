"""How much a web process grows over a thousand previews, and how long the pages of five projects take."""

import re
import time
from html import unescape
from itertools import cycle, islice

import requests as browser

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from framework.browse.render.pictures import is_drawn
from tests.browse.kinds.photographs import site
from tests.browse.kinds.specimens import SPECIMENS
from tests.browse.made_projects import PYTHON_NOTEBOOKS, R_COURSE, THESIS, Project, field_survey, image_set
from tests.memory import children
from tests.servers.memory import proportional_bytes_of

PREVIEWS, WARM = 1_000, 1
MIB = 1 << 20
MOST_GROWTH_MIB, MOST_SECONDS = 20, 2
PHOTOGRAPHS, PIXELS = 60, (3_000, 2_000)
IMAGES = 300
IN_SIGHT = 24
"""So many pictures of a folder are in a window before somebody scrolls."""


def tabulate() -> Table:
    """MiB of a web process after its first previews and after all of them (PSS), and seconds of the slowest pages."""
    projects = _make_projects()
    files = {
        f"{project}/{path}": content for project, made in projects.items() for path, (content, _words) in made.items()
    }
    with site(files) as place:
        worker = children(place.process_id)[0]
        _look(place.url, WARM * len(SPECIMENS), number=0)
        before = proportional_bytes_of(worker)
        _look(place.url, PREVIEWS, number=1)
        after = proportional_bytes_of(worker)
        slowest = [_open_all(place.url, project, list(made)) for project, made in projects.items()]
    growth = Figure(f"a web process, growth over {PREVIEWS:,} previews", (after - before) / MIB, "MiB", MOST_GROWTH_MIB)
    first = Figure("a web process, after a preview of each kind", before / MIB, "MiB")
    return show_figures("previews", [first, growth, *slowest])


def _look(url: str, count: int, number: int) -> None:
    """Open so many pages, each with a query of its own, so that none was rendered before, and draw the pictures."""
    for turn, name in enumerate(islice(cycle(SPECIMENS), count)):
        _get(f"{url}/blob/main/{name}?filter={number}-{turn}")
        if is_drawn(name):
            _get(f"{url}/picture/main/{name}?size=small", 200, 400)


def _make_projects() -> dict[str, Project]:
    """The files of each project; the pictures take a second to make, which no other benchmark needs."""
    return {
        "course": R_COURSE,
        "notebooks": PYTHON_NOTEBOOKS,
        "thesis": THESIS,
        "survey": field_survey(PHOTOGRAPHS, PIXELS),
        "images": image_set(IMAGES),
    }


def _open_all(url: str, project: str, paths: list[str]) -> Figure:
    """How long the slowest page of the project takes, a folder's with the pictures that are in sight."""
    folders = {"/".join(["", *path.split("/")[:depth]]) for path in paths for depth in range(path.count("/") + 1)}
    seconds = [_time(f"{url}/blob/main/{project}/{path}") for path in paths]
    seconds += [_time(f"{url}/tree/main/{project}{folder}", with_pictures=True) for folder in folders]
    return Figure(f"the slowest of {len(seconds):,} pages of the project “{project}”", max(seconds), "s", MOST_SECONDS)


def _time(address: str, *, with_pictures: bool = False) -> float:
    began = time.monotonic()
    page = _get(address).text
    if with_pictures:
        host = "/".join(address.split("/")[:3])
        for picture in re.findall(r'<img src="([^"]+)" alt="" loading="lazy"', page)[:IN_SIGHT]:
            _get(host + unescape(picture))
    return time.monotonic() - began


def _get(address: str, *statuses: int) -> browser.Response:
    answer = browser.get(address, timeout=60)
    assert answer.status_code in (statuses or (200,)), (address, answer.status_code)
    return answer

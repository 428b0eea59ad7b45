"""`python -m tests.browse.kinds.photographs FOLDER [NAME…]`: pictures of the page of a file of each kind, to look at.

Each page is photographed in the light and the dark theme and as wide as a phone, by an embedded deployment of its own.
A NAME may end in a query, such as `survey.csv?summary=1`.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from selenium.webdriver.remote.webdriver import WebDriver

from benchmarks.setting.importing import import_repository
from framework import config
from framework.projects.lifecycle.operations import create_project
from tests.browse.gallery import Gallery
from tests.browse.kinds.specimens import CHANGED, SPECIMENS
from tests.cast import new_account
from tests.servers.application import deployments, gunicorn
from tests.servers.browsers import browser
from tests.servers.run import Run

MORE = ("survey.csv?summary=1", "field.xlsx?sheet=1")
LOOKS = {"light": (1280, False), "dark": (1280, True), "phone": (390, False)}
LONGEST_PIXELS = 2_400


def main(folder: Path, names: Sequence[str]) -> None:
    """Take the pictures."""
    with site() as place, browser("chromium", place.scratch / "browser", place.run) as driver:
        for name in names or (*SPECIMENS, *MORE, ""):
            path = f"/blob/main/{name}" if name else "/commit/main"
            for look in LOOKS:
                _photograph(
                    driver, place.url + path, folder / f"{name.replace('?', '-') or 'changes'}-{look}.png", look
                )


@dataclass(frozen=True)
class Place:
    """The address of a project, the process that serves it, and a folder beside it."""

    url: str
    process_id: int
    run: Run
    scratch: Path


@contextmanager
def site(more: Mapping[str, bytes] | None = None) -> Iterator[Place]:
    """A deployment with a public project that has a file of each kind, and more files."""
    with TemporaryDirectory() as name:
        scratch = Path(name)
        run = Run(scratch / "servers", owner=os.getpid())
        try:
            with deployments.DEPLOYMENTS["embedded"](run, scratch / "data") as settings:
                config.use(settings)
                project = create_project(new_account("ada"), name="kinds", description="", visibility="public")
                for folder in ("gallery", "browser"):
                    (scratch / folder).mkdir()
                gallery = Gallery(scratch / "gallery")
                gallery.git("init", "-q", "-b", "main")
                gallery.commit({file: content for file, (content, _words) in SPECIMENS.items()}, "One of each kind")
                gallery.write(dict(more or {}))
                gallery.commit(CHANGED, "Measure again")
                import_repository(project.repository_id, gallery.folder)
                variables = deployments.environment(settings)
                kept = {key: variables[key] for key in variables.keys() - {"BASE_URL", "PORT"}}
                with gunicorn.gunicorn(run, kept) as up:
                    yield Place(up.url + project.path, up.process.pid, run, scratch)
        finally:
            run.end()


def _photograph(driver: WebDriver, address: str, picture: Path, look: str) -> None:
    width, dark = LOOKS[look]
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
    )
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    driver.get(address)
    height = min(LONGEST_PIXELS, driver.execute_script("return document.documentElement.scrollHeight"))
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    picture.parent.mkdir(parents=True, exist_ok=True)
    driver.save_screenshot(str(picture))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

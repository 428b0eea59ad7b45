"""What people say of themselves: written, with a picture, and seen by a stranger, also on a phone."""

from pathlib import Path

import pytest

from framework.accounts.core.account import Account
from framework.projects.lifecycle.operations import create_project
from tests.browser import pages
from tests.browser.conftest import in_chromium
from tests.browser.window import Window
from tests.profiles.images import image

IS_DRAWN = "return [...document.querySelectorAll('.profile-head img')].some((drawn) => drawn.naturalWidth > 0)"


@pytest.mark.long
@in_chromium
def test_a_profile_is_written_and_seen_by_a_stranger(window: Window, alice: Account, tmp_path: Path) -> None:
    create_project(alice, name="tides", description="Tides of the Wadden Sea", visibility="public")
    create_project(alice, name="drafts", description="", visibility="private")
    (tmp_path / "me.png").write_bytes(image(600, 400))
    pages.sign_in(window, alice)
    window.open(f"/{alice.name}")
    window.press("Edit profile")
    window.fill("About", "I measure **tides**.\n\n<script>alert(1)</script>")
    window.fill("Links", "https://tides.example.org")
    window.leaves(lambda: window.press("Save profile"))
    window.field("Upload a picture").send_keys(str(tmp_path / "me.png"))
    window.leaves(lambda: window.press("Upload"))
    pages.sign_out(window, alice.name)

    with window.narrowed(width=390, height=800):
        window.open(f"/{alice.name}")
        window.reads("I measure tides.")
        window.wait(lambda: window.driver.execute_script(IS_DRAWN), "The picture")
        assert window.offers("tides.example.org")
        assert (window.offers("tides"), window.offers("drafts"), window.offers("Edit profile")) == (True, False, False)
        assert window.hidden_pixels() == 0
        window.press("Activity")
        window.arrives(f"/{alice.name}/activity")
        assert window.hidden_pixels() == 0

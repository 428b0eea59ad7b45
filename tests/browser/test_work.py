"""A person watches long work: the bar moves by itself."""

import pytest
from selenium.webdriver.common.by import By

from framework.accounts.core.account import Account
from framework.celery.jobs import track_progress
from tests.browser import pages
from tests.browser.window import Window

KIND = "verification"


def has_done(window: Window, share: tuple[str, str]) -> bool:
    """Whether the bar is so far, and of so much; a page that renews itself may take it away meanwhile."""
    bar = window.driver.find_element(By.TAG_NAME, "progress")
    return (bar.get_dom_attribute("value"), bar.get_dom_attribute("max")) == share


def test_the_bar_moves_and_stops_at_the_end(window: Window, alice: Account) -> None:
    pages.sign_in(window, alice)
    with track_progress(KIND, total=8, owner_id=alice.id) as work:
        window.open("/work")
        window.press("Verification")
        window.arrives(f"/work/{work.id}")
        window.reads("Running, 0 of 8")
        work.advance(6, "Reading alice/notes")
        window.reads("Running, 6 of 8")
        window.reads("Reading alice/notes")
        window.wait(lambda: has_done(window, ("6", "8")), "A bar at 6 of 8")
    window.reads("Finished")
    window.wait(lambda: has_done(window, ("1", "1")), "A full bar")


def fail_before(window: Window, person: Account) -> None:
    """Fail while somebody watches."""
    with track_progress(KIND, total=8, owner_id=person.id) as work:
        window.open(f"/work/{work.id}")
        window.reads("Running, 0 of 8")
        raise KeyError


def test_a_failure_is_told_where_one_watches(window: Window, alice: Account) -> None:
    pages.sign_in(window, alice)
    with pytest.raises(KeyError):
        fail_before(window, alice)
    window.reads("Ended early, 0 of 8")
    window.reads("something went wrong on our side")


@pytest.mark.long
def test_the_page_moves_without_javascript(plain_window: Window, alice: Account) -> None:
    pages.sign_in(plain_window, alice)
    with track_progress(KIND, total=8, owner_id=alice.id) as work:
        plain_window.open(f"/work/{work.id}")
        plain_window.reads("Running, 0 of 8")
        work.advance(6)
        plain_window.reads("Running, 6 of 8")
    plain_window.reads("Finished")

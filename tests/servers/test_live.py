"""The application under gunicorn, and a browser in front of it."""

from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver

from tests.servers.application.gunicorn import LiveServer


def test_a_browser_opens_the_application(live_server: LiveServer, browser: WebDriver) -> None:
    browser.get(live_server.url)
    assert browser.find_elements(By.CSS_SELECTOR, "a[href='/login']")


def test_the_application_stops_when_it_is_asked_to(live_server: LiveServer) -> None:
    live_server.process.stop()
    assert "Shutting down" in live_server.process.last_lines()

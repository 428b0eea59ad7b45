"""Signing in at an OpenID provider that runs beside the site, as people do it."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By

from tests.accounts.signing_in.conftest import start_provider
from tests.accounts.signing_in.provider import CLIENT, SECRET
from tests.browser import pages
from tests.browser.conftest import Site
from tests.browser.window import Window
from tests.servers.application import deployments, gunicorn
from tests.servers.run import Run

pytestmark = pytest.mark.long
NAME = "Example University"


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, at which people sign in with the provider, too."""
    provider = {
        "OIDC_ISSUER": run.shared("provider", start_provider)["url"],
        "OIDC_NAME": NAME,
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
    }
    with deployments.DEPLOYMENTS[request.param](run, tmp_path_factory.mktemp("provided") / "data") as made:
        variables = {**deployments.environment(made), **provider}
        with gunicorn.gunicorn(run, {name: variables[name] for name in variables.keys() - {"BASE_URL", "PORT"}}) as up:
            yield Site(up.url, made)


def allow(window: Window, person: str, email: str) -> None:
    """Say at the provider who it is."""
    window.reads("Provider")
    window.driver.find_element(By.ID, "sub").send_keys(person)
    window.driver.find_element(By.ID, "email").send_keys(email)
    window.driver.find_element(By.TAG_NAME, "button").click()


def test_the_first_sign_in_makes_an_account_and_the_next_one_finds_it(plain_window: Window, run: Run) -> None:
    """Without JavaScript."""
    window, number = plain_window, run.number("person")
    person, email, name = f"u-{number}", f"ann-{number}@uni.example", f"ann-of-uni-{number}"
    window.open("/login?next=/new")
    window.press(f"Sign in with {NAME}")
    allow(window, person, email)
    window.reads("Choose a user name")
    window.fill("User name", name)
    window.press("Create account")
    window.arrives("/new")
    pages.sign_out(window, name)
    window.open("/login")
    window.press(f"Sign in with {NAME}")
    allow(window, person, email)
    window.arrives("/")
    window.open("/settings/security")
    window.reads("Linked accounts")
    assert NAME in window.text

"""Sharing without an administrator: three addresses at once, signing up by the link, leaving and handing over."""

import re
from collections.abc import Callable

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.members.people import add_people
from tests.browser import pages
from tests.browser.conftest import Site
from tests.browser.test_people import Mailbox
from tests.browser.window import Window
from tests.cast import PASSWORD
from tests.servers.application.workers import worker
from tests.servers.run import Run


def test_three_addresses_are_invited_and_one_signs_up_by_the_link(
    plain_window: Window, alice: Account, secret: ProjectAccess, here: Site, run: Run
) -> None:
    window, guests = plain_window, [f"guest-{number}-{alice.name}@lab.example" for number in (1, 2, 3)]
    pages.sign_in(window, alice)
    window.open(secret.path)
    window.press("Share")
    window.arrives(f"{secret.path}/share")
    window.fill("User names or e-mail addresses", ", ".join(guests))
    window.element("input[name=role][value=writer]").click()
    with worker(run, here.settings):
        window.leaves(lambda: window.press("Add"))
        window.reads("Pending invitations")
        assert all(guest in window.text for guest in guests)
        text = Mailbox(window, here, guests[1]).waits_for(f"{alice.name} invited you to {secret.full_name}")
    pages.sign_out(window, alice.name)
    link = re.search(r"/invitations/[\w.-]+", text)
    assert link
    window.open(link[0])
    window.press("Create an account")
    window.reads("Create your account")
    assert window.field("E-mail").get_property("value") == guests[1]
    name = alice.name.replace("alice", "guest")
    window.fill("User name", name)
    window.fill("Password", PASSWORD)
    window.leaves(lambda: window.press("Sign up"))
    window.arrives(secret.path)
    window.reads(f"Welcome, {name}. You were added to {secret.full_name}.")
    assert window.offers("Upload files")
    window.open("/settings")
    assert "not confirmed yet" not in window.text


def test_a_member_leaves_and_the_owner_hands_over(
    plain_window: Window,
    alice: Account,
    bob: Account,
    secret: ProjectAccess,
    new_person: Callable[[str], Account],
) -> None:
    window, carl = plain_window, new_person("carl")
    add_people(alice, secret, people=[bob.name, carl.name], role="reader")
    pages.sign_in(window, carl)
    window.open(f"{secret.path}/share")
    window.press("Leave…")
    window.reads("You will no longer see the project.")
    window.leaves(lambda: window.press("Leave"))
    window.reads(f"You left {secret.full_name}.")
    pages.sign_out(window, carl.name)

    pages.sign_in(window, alice)
    window.open(f"{secret.path}/share")
    window.press("Hand over…")
    window.fill("Person or group", bob.name)
    window.leaves(lambda: window.press("Hand over"))
    window.reads(f"Waiting for {bob.name}")
    pages.sign_out(window, alice.name)

    pages.sign_in(window, bob)
    window.open("/inbox")
    window.press("Answer")
    window.leaves(lambda: window.press("Accept"))
    window.arrives(f"/{bob.name}/secret")
    window.open(f"{secret.path}/activity")
    window.arrives(f"/{bob.name}/secret/activity")
    window.reads(f"made {bob.name} the owner")
    assert project_for(alice, bob.name, "secret").role == "maintainer"

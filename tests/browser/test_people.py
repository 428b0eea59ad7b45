"""Who may see and do what: strangers, readers, and the mail that they get."""

from email import message_from_bytes, policy
from pathlib import Path

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.browser import pages
from tests.browser.conftest import Site
from tests.browser.pages import UploadPage
from tests.browser.window import Window
from tests.servers.application.workers import worker
from tests.servers.run import Run


def test_a_strangers_private_project_is_what_a_missing_one_is(
    window: Window, bob: Account, secret: ProjectAccess
) -> None:
    def seen(path: str) -> str:
        window.open(path)
        return window.driver.page_source.replace(path.lstrip("/"), "…")

    missing = f"/{secret.owner}/never-made"
    assert "There is no such project" in seen(secret.path)
    assert seen(secret.path) == seen(missing)
    pages.sign_in(window, bob)
    assert seen(secret.path) == seen(missing)


def test_a_reader_sees_the_project_and_changes_nothing(
    window: Window, alice: Account, bob: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    _upload(window, alice, secret, tmp_path / "plan.txt")
    _add(window, secret, bob, role="reader")
    window.reads(bob.name)
    pages.sign_out(window, alice.name)

    pages.sign_in(window, bob)
    window.press(f"{alice.name} / secret")
    window.arrives(secret.path)
    assert pages.listed(window) == ["plan.txt"]
    assert not window.offers("Upload files")
    window.open(f"{secret.path}/upload/main")
    assert "Drop files" not in window.text
    assert not window.visible("input[type=file]")


def test_the_others_hear_of_an_upload(
    window: Window, alice: Account, bob: Account, secret: ProjectAccess, tmp_path: Path, here: Site, run: Run
) -> None:
    with worker(run, here.settings):
        pages.sign_in(window, alice)
        _add(window, secret, bob, role="writer")
        pages.sign_out(window, alice.name)
        Mailbox(window, here, bob.email).waits_for(f"You were added to {secret.full_name}")
    _upload(window, alice, secret, tmp_path / "plan.txt")
    window.open("/inbox")
    window.reads("Nothing new")
    pages.sign_out(window, alice.name)
    pages.sign_in(window, bob)
    window.open("/inbox")
    window.reads(f"{alice.name} uploaded 1 file to {secret.full_name}")
    window.leaves(lambda: window.press("Mark all as read"))
    window.reads("Everything is marked as read.")
    window.press("Add plan.txt")
    window.reads("1 changed file")


class Mailbox:
    """The mails that one person has got, in the folder where they end without a mail server."""

    def __init__(self, window: Window, site: Site, address: str) -> None:
        self._window, self._folder, self._address = window, site.settings.data / "outbox", address

    def read(self) -> dict[str, str]:
        """The text of each mail, by its subject."""
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in self._folder.glob("*.eml")]
        mine = [mail for mail in mails if self._address in mail["To"]]
        return {mail["Subject"]: part.get_content() for mail in mine if (part := mail.get_body(("plain",)))}

    def waits_for(self, subject: str) -> str:
        """The text of the mail with this subject, once it has come."""
        return self._window.wait(lambda: self.read().get(subject), f"A mail “{subject}”")


def _upload(window: Window, account: Account, project: ProjectAccess, file: Path) -> None:
    file.write_text(file.name)
    pages.sign_in(window, account)
    window.open(f"{project.path}/upload/main")
    page = UploadPage(window)
    page.choose(file)
    page.send()
    window.arrives(project.path)


def _add(window: Window, project: ProjectAccess, account: Account, *, role: str) -> None:
    window.open(f"{project.path}/settings/people")
    window.fill("User names or e-mail addresses", account.name)
    window.element(f"input[name=role][value={role}]").click()
    window.leaves(lambda: window.press("Add"))

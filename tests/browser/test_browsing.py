"""What the pages of files gain with JavaScript: lines to link to, keys, files found while one types."""

from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.browse.kinds import made_models as models
from tests.browser import pages
from tests.browser.conftest import in_chromium
from tests.browser.pages import UploadPage
from tests.browser.window import Window

TYPED_BEFORE_THE_SCRIPT = """
document.querySelector('input[name="q"]').value = "zz";
const again = document.createElement("script");
again.type = "module";
again.src = document.querySelector('script[src*="find"]').src;
document.head.append(again);
"""


def chosen(window: Window) -> list[str]:
    return [row.get_attribute("id") or "" for row in window.visible("tr.chosen")]


def test_lines_are_linked_to_and_the_address_can_be_made_to_stay(
    window: Window, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    (tmp_path / "story.txt").write_text("".join(f"line {number}\n" for number in range(1, 30)))
    pages.sign_in(window, alice)
    window.open(f"{secret.path}/upload/main")
    page = UploadPage(window)
    page.choose(tmp_path / "story.txt")
    page.send()

    window.open(f"{secret.path}/blob/main/story.txt#L3-L5")
    window.wait(lambda: chosen(window) == ["L3", "L4", "L5"], "Three lines")
    window.press("Line 10")
    window.wait(lambda: chosen(window) == ["L10"], "The line that was pressed")
    body = window.driver.find_element(By.TAG_NAME, "body")
    body.send_keys("y")
    window.wait(lambda: "/blob/main/" not in window.path, "An address that stays")
    assert window.driver.current_url.endswith("/story.txt#L10")

    window.leaves(lambda: body.send_keys("t"))
    window.wait(lambda: "/find/" in window.path, "The page to find files")
    window.element('input[name="q"]').send_keys("zz")
    window.reads("No file has these letters")
    window.element('input[name="q"]').send_keys(Keys.BACKSPACE, Keys.BACKSPACE, "stry")
    window.reads("story.txt")
    window.leaves(lambda: window.element('input[name="q"]').send_keys(Keys.ENTER))
    window.wait(lambda: window.path.endswith("/story.txt"), "View file")

    window.open(f"{secret.path}/find/main")
    window.driver.execute_script(TYPED_BEFORE_THE_SCRIPT)
    window.reads("No file has these letters")


def test_the_changes_of_a_file_come_when_it_is_opened(
    window: Window, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number:02}.txt" for number in range(25)]
    for file in files:
        file.write_text(f"words of {file.name}\n")
    pages.sign_in(window, alice)
    window.open(f"{secret.path}/upload/main")
    page = UploadPage(window)
    page.choose(*files)
    page.send()

    window.press("Add 25 files")
    window.reads("words of 19.txt")
    assert "words of 24.txt" not in window.text
    window.press("24.txt")  # in the list of files
    window.reads("words of 24.txt")
    assert window.path.startswith(f"{secret.path}/commit/")


@in_chromium
def test_models_of_each_form_are_drawn(window: Window, alice: Account, secret: ProjectAccess, tmp_path: Path) -> None:
    for name, content in {"part.stl": models.stl(), "part.obj": models.obj(), "part.glb": models.glb()}.items():
        (tmp_path / name).write_bytes(content)
    pages.sign_in(window, alice)
    window.open(f"{secret.path}/upload/main")
    page = UploadPage(window)
    page.choose(*sorted(tmp_path.glob("part.*")))
    page.send()
    for form in ("stl", "obj", "glb"):
        window.open(f"{secret.path}/blob/main/part.{form}")
        window.wait(lambda: window.visible(".model canvas"), f"The {form} model")
        assert (
            window.visible(".model canvas")[0].get_attribute("aria-label") == f"part.{form}, drawn in three dimensions"
        )


DIAGRAMS = "# Diagrams\n\n```mermaid\ngraph LR; A[Apples]-->B\n```\n\n```mermaid\ngraph broken[[[\n```\n"
PICTURE_SIZE = (
    "const image = document.querySelector('pre.mermaid img'); return image && [image.naturalWidth, image.alt]"
)


def test_a_diagram_is_drawn_as_a_picture_and_a_broken_one_stays_text(
    window: Window, alice: Account, secret: ProjectAccess, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text(DIAGRAMS)
    pages.sign_in(window, alice)
    window.open(f"{secret.path}/upload/main")
    page = UploadPage(window)
    page.choose(tmp_path / "README.md")
    page.send()

    window.open(secret.path)
    window.wait(lambda: window.driver.execute_script(PICTURE_SIZE), "A picture")
    width, description = window.driver.execute_script(PICTURE_SIZE)
    assert (width > 50, "Apples" in description) == (True, True)
    window.wait(lambda: window.element("pre.mermaid:not(.drawn)").get_attribute("title"), "What is wrong")
    assert window.element("pre.mermaid:not(.drawn)").text == "graph broken[[["

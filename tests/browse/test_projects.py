"""Projects of scientists are opened page by page, and each file is shown as what it is."""

import pytest

from tests.browse.made_projects import PYTHON_NOTEBOOKS, R_COURSE, THESIS, Project
from tests.browse.render.made_files import Show


@pytest.mark.parametrize("project", [R_COURSE, PYTHON_NOTEBOOKS, THESIS], ids=["R course", "notebooks", "thesis"])
def test_each_page_of_a_project_shows_its_file(shown: Show, project: Project) -> None:
    onlooker = shown({path: content for path, (content, _words) in project.items()})
    pages = {path: onlooker.get(f"/blob/main/{path}") for path in project}
    assert {path: words for path, (_content, words) in project.items() if words not in pages[path]} == {}
    assert [path for path in project if path != "broken.docx" and "It cannot be read as" in pages[path]] == []
    for folder in {path.rpartition("/")[0] for path in project} - {""}:
        onlooker.get(f"/tree/main/{folder}")

"""Projects of scientists are opened page by page, and each file is shown as what it is."""

import pytest

from tests.browse.made_projects import PYTHON_NOTEBOOKS, R_COURSE, THESIS, Project, field_survey, image_set
from tests.browse.render.made_files import Show

PROJECTS = {
    "R course": R_COURSE,
    "notebooks": PYTHON_NOTEBOOKS,
    "thesis": THESIS,
    "field survey": field_survey(6),
    "image set": image_set(20),
}


@pytest.mark.parametrize("project", PROJECTS.values(), ids=PROJECTS)
def test_each_page_of_a_project_shows_its_file(shown: Show, project: Project) -> None:
    onlooker = shown({path: content for path, (content, _words) in project.items()})
    pages = {path: onlooker.get(f"/blob/main/{path}") for path in project}
    assert {path: words for path, (_content, words) in project.items() if words not in pages[path]} == {}
    assert [path for path in project if path != "broken.docx" and "It cannot be read as" in pages[path]] == []
    for folder in {path.rpartition("/")[0] for path in project} - {""}:
        onlooker.get(f"/tree/main/{folder}")

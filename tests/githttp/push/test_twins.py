"""Who pushes names that Windows or macOS take for one is told so."""

import unicodedata

from framework.gitcore.path_policy import explain_twin, quote_path
from framework.projects.core.access import ProjectAccess
from tests.githttp.client import Work


def test_names_that_some_systems_take_for_one_are_pushed_with_a_warning(work: Work, project: ProjectAccess) -> None:
    nfc, nfd = (unicodedata.normalize(form, "Größe") for form in ("NFC", "NFD"))
    names = ["a.csv", "A.csv", nfc, nfd, "\x1b[2J", "\x1b[2j"]
    work.commit("Twins", **{name.replace(".", "__"): name for name in names})
    said = work.push(project.full_name, "main").stderr
    for pair in zip(names[::2], names[1::2], strict=True):
        assert any(
            f"warning: {quote_path(one)} {explain_twin(one, other)}" in said for one, other in (pair, pair[::-1])
        )
    assert "\x1b[2" not in said
    work.commit("No new twin", other__csv="1")
    assert "warning" not in work.push(project.full_name, "main").stderr
    work.commit("In ASCII alone", B__txt="1", b__txt="2")
    assert "“b.txt”" in work.push(project.full_name, "main").stderr

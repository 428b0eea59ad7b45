"""A version is cited by what is known of it, or as its CITATION.cff says."""

import pytest

from framework.browse.history.citations.cff import read_citation_file
from tests.browse.conftest import Onlooker


def test_a_version_is_cited_by_what_is_known(onlooker: Onlooker) -> None:
    page = onlooker.get("/cite/main")
    sha = onlooker.gallery.git("rev-parse", "main")
    assert f"url = {{http://localhost/alice/website/tree/{sha}}}" in page
    assert f"(Version {sha[:12]}) [Computer software]" in page
    assert "version = {v1.0}" in onlooker.get("/cite/v1.0")


CFF = """
cff-version: 1.2.0
title: "On rivers & {floods}"
doi: 10.1/x
date-released: 2021-05-06
authors:
  - {family-names: Byron, given-names: Ada Mary}
  - {name: The River Board, orcid: no iD}
  - {family-names: Lovelace, given-names: A., orcid: "https://orcid.org/0000-0002-1694-233x"}
  - 7
"""


def test_a_version_is_cited_as_its_authors_wish(onlooker: Onlooker) -> None:
    onlooker.gallery.commit({"CITATION.cff": CFF.encode(), "LICENSE": b"Do what you like.\n"}, "Cite")
    onlooker.show()
    page = onlooker.get("/cite/main")
    assert "title = {{On rivers \\&amp; \\{floods\\}}}" in page
    assert "author = {Byron, Ada Mary and {The River Board} and Lovelace, A.}" in page
    assert "author+an:orcid = {3=&#34;0000-0002-1694-233X&#34;}" in page
    assert "Byron, A. M., The River Board, &amp; Lovelace, A. (2021). On rivers &amp; {floods}" in page
    assert "https://doi.org/10.1/x" in page
    assert ">Licence</a>" in onlooker.get()


GROWS = "a0: &a0 {x: 1}\n" + "".join(
    f"a{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 20)}]}}\n" for number in range(1, 12)
)
"""Every line is twenty times as large as the one above it."""


@pytest.mark.parametrize(
    "text",
    [
        *("[", "7", "authors: 7", "a: &a [*a]", "title: [1]\nauthors: [{}]", "x: 2021-99-99", "\x00"),
        *(f"title: 0x{'f' * 5000}", f"date-released: 0x{'f' * 5000}", f"title: 1{':00' * 5000}", GROWS),
        *("x: !!bool x", "x: !!int ''", "x: !!timestamp x", "? {}\n: 1", "[" * 5000),
    ],
    ids=lambda text: text[:20],
)
def test_a_broken_citation_file_is_as_good_as_none(onlooker: Onlooker, text: str) -> None:
    onlooker.gallery.commit({"CITATION.cff": text.encode()}, "Cite")
    onlooker.show()
    assert "title = {{website}}" in onlooker.get("/cite/main")


ARTICLE = b"""
title: The Software
date-released: 2022-03-04
doi: 10.5281/zenodo.1
authors: [{name: The Software Board}]
preferred-citation:
  type: article
  title: The Article
  authors: [{family-names: Sjoberg, given-names: Daniel D.}, {family-names: Luc, given-names: Jean-Paul}]
  journal: The R Journal
  year: 2019
  volume: 13
  issue: 1
  start: 570
  end: 580
  doi: https://doi.org/10.32614/RJ-2021-053
"""


def test_a_preferred_article_is_cited_by_its_own_facts(onlooker: Onlooker) -> None:
    onlooker.gallery.commit({"CITATION.cff": ARTICLE}, "Cite")
    onlooker.show()
    page = onlooker.get("/cite/main")
    assert "@article{sjoberg-the-article-2019," in page
    assert "number = {1}" in page
    assert "pages = {570--580}" in page
    assert (
        "Sjoberg, D. D., &amp; Luc, J.-P. (2019). The Article. The R Journal, 13(1), 570\N{EN DASH}580. "
        "https://doi.org/10.32614/RJ-2021-053" in page
    )
    assert ("zenodo" in page, "2022" in page, "Computer software" in page) == (False, False, False)


def apa(text: str) -> str:
    found = read_citation_file(text.encode())
    assert found
    return found.work.apa


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "title: S\nauthors: [{family-names: Beethoven, given-names: Ludwig, name-particle: van, name-suffix: Jr.}]",
            "van Beethoven, L., Jr. (n.d.). S [Computer software]",
        ),
        (
            "title: S\ntype: dataset\nauthors: [{alias: octocat}]\nidentifiers: [{type: doi, value: 10.1/x}]",
            "octocat. (n.d.). S [Data set]. https://doi.org/10.1/x",
        ),
        (
            "preferred-citation: {type: conference-paper, title: P, year: 2018, conference: {name: SciConf}, end: 4}",
            ". (2018). P. In SciConf (pp. 4)",
        ),
        (
            "preferred-citation: {type: thesis, title: T, thesis-type: MSc, institution: {name: TU}, url: 'x:y'}",
            "TU. (n.d.). T [MSc]. TU",
        ),
        (
            "title: S\nauthors: [{name: B}]\nidentifiers: {a: 1}\npreferred-citation: {type: 7}",
            "B. (n.d.). S [Computer",
        ),
    ],
)
def test_each_kind_of_work_is_written_in_its_own_way(text: str, line: str) -> None:
    assert apa(text).startswith(line)


def test_bibtex_keeps_names_that_are_no_persons_together() -> None:
    found = read_citation_file(
        b"title: S\nauthors: [{family-names: King, given-names: M. L., name-suffix: Jr.}, {name: A and B}]"
    )
    assert found
    assert "author = {King, Jr., M. L. and {A and B}}" in found.work.bibtex

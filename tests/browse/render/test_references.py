"""BibTeX and RIS files are lists that people can read."""

import pytest

from framework.browse.render.references.bibtex import LONGEST_VALUE, plain_text, read_bibtex
from framework.browse.render.references.reference import MOST_NAMED_AUTHORS, MOST_REFERENCES, References
from framework.browse.render.references.ris import read_ris
from framework.browse.view_options import ViewOptions

BIBTEX = r"""
% a comment
@comment{ignored, a = {b}}
@string{jss = "Journal of " # {Statistics}}
@article{byron1843,
  author = {Byron, Ada and {The R Core Team} and M{\"u}ller, J\o{}rgen},
  title = "Notes on the {Analytical} Engine",
  journal = jss, year = 1843, volume = {12}, number = 3, pages = {1--20},
  doi = {https://doi.org/10.1000/xyz.1},
}
@Book(knuth, title = {The {\TeX}book}, editor = {Knuth, D.}, publisher = {A \& W}, date = "1984-01", url = {https://example.org/a\_b})
@misc{bad, url = {javascript:alert(1)}, title = {unbalanced {a}
"""
RIS = """\ufeffTY  - JOUR
AU  - Byron, Ada
AU  - Nevis, Ben
TI  - Notes
T2  - Journal
PY  - 1843/01/02
VL  - 12
SP  - 1
EP  - 20
DO  - 10.1000/xyz
ER  -

TY  - BOOK
T1  - Another
UR  - javascript:alert(1)
"""


def bibtex(text: str) -> References:
    return read_bibtex("", text, ViewOptions())


def test_bibtex_is_read_with_its_strings_and_accents() -> None:
    article, book, bad = bibtex(BIBTEX).entries
    assert article.names == "Byron, Ada, The R Core Team & Müller, Jørgen"
    assert (article.title, article.container, article.year) == (
        "Notes on the Analytical Engine",
        "Journal of Statistics",
        "1843",
    )
    assert (article.details, article.link) == ("12(3), 1\u201320", "https://doi.org/10.1000/xyz.1")
    assert (book.key, book.kind, book.details, book.year) == ("knuth", "book", "A & W", "1984")
    assert (book.link, bad.link, bad.key) == ("https://example.org/a_b", "", "bad")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"G\"odel", "Gödel"),
        (r"\v{S}koda", "Škoda"),
        (r"\'{\i}", "í"),
        (r"na\"{\i}ve \ss", "naïve ß"),
        (r"50\% \emph{now}~x", "50% now x"),
        (r"The {\TeX}book", "The TeXbook"),
        (r"\url{https://example.org} \copyright\dots", "https://example.org …"),
        (r"Proc.\ of \v Skoda, \c{c}", "Proc. of Škoda, ç"),
    ],
)
def test_commands_of_latex_become_letters(written: str, read: str) -> None:
    assert plain_text(written) == read


def test_what_is_on_the_web_has_its_address_and_note() -> None:
    (page,) = bibtex(
        r"@misc{a, title={A}, howpublished={\url{https://example.org/a\_b}}, note={Accessed in May.}}"
    ).entries
    assert (page.link, page.container, page.details) == ("https://example.org/a_b", "", "Accessed in May")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2", "2nd ed."),
        ("11", "11th ed."),
        ("23", "23rd ed."),
        ("Second", "Second ed."),
        ("3rd edn", "3rd edn"),
        ("", ""),
    ],
)
def test_editions_are_written_as_such(written: str, read: str) -> None:
    assert bibtex(f"@book{{a, edition = {{{written}}}}}").entries[0].details == read


def test_a_text_that_grows_by_itself_is_cut() -> None:
    strings = "@string{a0 = {xxxxxxxxxx}}" + "".join(f"@string{{a{n} = a{n - 1} # a{n - 1}}}" for n in range(1, 40))
    assert len(bibtex(f"{strings}@misc{{k, title = a39}}").entries[0].title) == LONGEST_VALUE


def test_ris_is_read_by_its_tags() -> None:
    first, second = read_ris("", RIS, ViewOptions()).entries
    assert (first.names, first.year, first.title, first.container) == (
        "Byron, Ada & Nevis, Ben",
        "1843",
        "Notes",
        "Journal",
    )
    assert (first.details, first.link) == ("12, 1\u201320", "https://doi.org/10.1000/xyz")
    assert first.kind == "article"
    assert (second.kind, second.title, second.link) == ("book", "Another", "")


@pytest.mark.parametrize("text", ["", "no entries", "@comment{x}", "@article{"])
def test_a_list_without_references_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no references"):
        bibtex(text)
    with pytest.raises(ValueError, match="no references"):
        read_ris("", text, ViewOptions())


def test_a_long_list_and_many_authors_are_shown_in_part() -> None:
    assert bibtex("@misc{a, author = {A, B and others}}").entries[0].names == "A, B et al."
    people = " and ".join(f"P{number}" for number in range(MOST_NAMED_AUTHORS + 1))
    read = bibtex(f"@misc{{a, author = {{{people}}}}}\n" * (MOST_REFERENCES + 2))
    assert (len(read.entries), read.left_out) == (MOST_REFERENCES, 2)
    assert read.entries[0].names.endswith("P6 et al.")

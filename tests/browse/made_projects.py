# ruff: noqa: RUF001 - the words of pages
"""Projects as scientists have them, in small: a course, notebooks, a thesis, a field survey and a set of images.

Each file comes with words that its page has to have.
"""

import base64
import json
from collections.abc import Mapping

from tests.browse.kinds import made_pictures as pictures
from tests.browse.kinds.specimens import sound
from tests.browse.render import made_papers as made

Project = Mapping[str, tuple[bytes, str]]

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_PDF = b"\n%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<</Root 1 0 R>>\n"


def _notebook(language: str, *cells: tuple[str, str]) -> bytes:
    """A notebook of these cells, each a kind and a source; code has printed in red and shown a picture."""
    packed = base64.b64encode(PNG).decode()
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "10%\r\x1b[31m100%\x1b[0m\n"},
        {"output_type": "display_data", "data": {"image/png": packed}},
    ]
    listed = [
        {"cell_type": kind, "source": source, "attachments": {"a.png": {"image/png": packed}}, "outputs": outputs}
        for kind, source in cells
    ]
    return json.dumps({"cells": listed, "metadata": {"language_info": {"name": language}}, "nbformat": 4}).encode()


def _word(*lines: str) -> bytes:
    return made.word("".join(made.paragraph(made.run(line)) for line in lines))


R_COURSE: Project = {
    "README.md": (b"# Statistics\n\n> [!TIP]\n> Begin with week 1.\n", 'class="alert-tip"'),
    "week1/intro.Rmd": (
        b"---\ntitle: Week 1\n---\n\n```{r}\nsummary(cars)\n```\n\n$\\bar{x}$\n",
        "<th>title</th><td>Week 1</td>",
    ),
    "week1/solution.qmd": (b"---\ntitle: S\n---\n\n```{r}\n#| echo: false\nf <- function(x) 1\n```\n", "code-keyword"),
    "week1/exercise.R": (b"f <- function(x) {\n  x + 1 # one\n}\n", '<span class="code-keyword">function</span>'),
    "week1/cars.csv": (b"speed;dist\n4;2,5\n7;4\n", "2 rows"),
    "week1/sheet.docx": (_word("Exercise 1", "Fit a line"), "<p>Fit a line</p>"),
    "week1/sheet.odt": (made.opendocument("<text:h>Exercise</text:h>"), "<h1>Exercise</h1>"),
    "week1/slides.pptx": (made.slides(made.shape("Week 1", "title")), "<h2>Week 1</h2>"),
    "week1/lecture.ipynb": (_notebook("R", ("code", "f <- function(x) x")), "As .R"),
    "renv.lock": (b'{"R": {"Version": "4.3.1"}}', "4.3.1"),
    "course.Rproj": (b"Version: 1.0\n", "Version"),
    "letter.rtf": (b"{\\rtf1 Dear {\\b all}\\par}", "<strong>all</strong>"),
}
PYTHON_NOTEBOOKS: Project = {
    "README.md": (b"# Analysis\n\n```mermaid\ngraph LR; A-->B\n```\n", '<pre class="mermaid">'),
    "01-load.ipynb": (
        _notebook("python", ("markdown", "# Load\n![x](attachment:a.png)\n## B\n## C"), ("code", "import os\nos")),
        "Outline",
    ),
    "02-plot.ipynb": (
        _notebook("python", ("markdown", "\\begin{align}a &= b\\end{align}"), ("code", "%matplotlib inline")),
        '<span class="ink-',
    ),
    "lib/tools.py": (b"def load() -> None:\n    pass\n", '<span class="code-keyword">def</span>'),
    "environment.yml": (b"name: analysis\ndependencies:\n  - python=3.11\n", "dependencies"),
    "pyproject.toml": (b'[project]\nname = "analysis"\n', "analysis"),
    "config.xml": (b"<config><a>1</a></config>\n", "&lt;config"),
    "data/points.json": (b'{"a": 1E400}', "1E400"),
    "figures/plot.png": (PNG, "/raw/main/figures/plot.png"),
}
THESIS: Project = {
    "README.rst": (b"Thesis\n======\n", "doc-thesis"),
    "thesis.tex": (b"\\documentclass{thesis}\n\\begin{document}\nText\n\\end{document}\n", "code-keyword"),
    "thesis.cls": (b"\\ProvidesClass{thesis}\n\\LoadClass{book}\n", "code-keyword"),
    "chapters/one.tex": (b"\\chapter{One}\nSee \\cite{a}.\n", "chapter"),
    "library.bib": (b'@book{a, title = {A {B}ook}, author = {M{\\"u}ller, A.}, year = 1999}\n', "Müller, A."),
    "library.ris": (b"TY  - BOOK\nTI  - Another\nER  - \n", "<b>Another</b>"),
    "thesis.pdf": (_PDF, "<iframe"),
    "notes.epub": (made.book(a="<html><body><p>Chapter</p></body></html>"), "Chapter"),
    "draft.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "before 2007"),
    "broken.docx": (_word("x")[:-30], "Download the full file"),
}


def field_survey(photographs: int, size: tuple[int, int] = (60, 40)) -> Project:
    """Plots with what grows on them, where they lie, and what they look like, in so many photographs of this size."""
    places = [(46.5 + number / 100, 7.75 + number / 80) for number in range(photographs)]
    features = [
        {
            "type": "Feature",
            "properties": {"plot": number, "species": 3 + number % 11},
            "geometry": {"type": "Point", "coordinates": [east, north]},
        }
        for number, (north, east) in enumerate(places)
    ]
    rows = "".join(f"{number};{3 + number % 11};{12.5 + number:.1f}\n" for number in range(photographs))
    return {
        "README.md": (b"# Survey of meadows\n\n![Plot 0](photos/plot-000.jpg)\n", "Survey of meadows"),
        "plots.csv": (b"plot;species;height (cm)\n" + rows.replace(".", ",").encode(), f"{photographs} rows"),
        "plots.geojson": (json.dumps({"type": "FeatureCollection", "features": features}).encode(), 'class="map"'),
        "notes/2024-05-01.md": (b"---\nweather: rain\n---\n\n- [x] plot 0\n", "<th>weather</th><td>rain</td>"),
        "notes/sounds/blackbird.wav": (sound(), "<dt>Length</dt><dd>"),
        **{
            f"photos/plot-{number:03}.jpg": (
                pictures.photograph(turned=number % 3 == 0, place=place, size=size),
                f"{place[0]:.5f}° N",
            )
            for number, place in enumerate(places)
        },
    }


def image_set(count: int, size: tuple[int, int] = (60, 40)) -> Project:
    """So many pictures with labels, and a tenth of them as an instrument wrote them."""
    names = [f"train/{number:04}.jpg" for number in range(count)]
    labels = "".join(f"{name},{('lake', 'hill', 'sky')[number % 3]}\n" for number, name in enumerate(names))
    drawn = [pictures.photograph(size=size, turned=turned) for turned in (False, True)]
    shown = [f"{size[0]} × {size[1]}", f"{size[1]} × {size[0]}"]
    return {
        "README.md": (b"# Images of landscapes\n", "Images of landscapes"),
        "labels.csv": (f"file,label\n{labels}".encode(), f"{count} rows"),
        "classes.json": (b'{"lake": 0, "hill": 1, "sky": 2}', "hill"),
        **{name: (drawn[number % 2], shown[number % 2]) for number, name in enumerate(names)},
        **{f"scans/{number:04}.tif": (pictures.scan(1 + number % 2), "(white)") for number in range(count // 10)},
        "masks/0000.png": (pictures.drawn("PNG", "P"), "60 × 40"),
        "phone/0000.heic": (pictures.heic(), "64 × 48"),
    }

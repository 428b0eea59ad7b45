# ruff: noqa: E501, RUF001 - of data
"""One small file of each kind that pages show, and words that its page has."""

import io
import json
import math
import sqlite3
import struct
import wave
import zipfile
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browse.kinds import made_models as models
from tests.browse.kinds import made_pictures as pictures
from tests.browse.render import made_papers as papers
from tests.browse.render.data.netcdf_files import netcdf_of
from tests.browse.render.made_files import png_of, tarred, zipped
from tests.browse.render.workbooks import date, formula, number, ods_of, text, xlsx_of

MADE_FOLDER = Path(__file__).parent / "made"
"""Files that other programs have written."""
LAKES = [
    ("Brienz", 564, 259.5, "2024-05-01"),
    ("Thun", 558, 217, "2024-05-02"),
    ("Oeschinen", 1578, 56, ""),
    ("Roth", 419, 16.5, "2024-05-04"),
]
SURVEY = "lake;altitude (m);depth (m);sampled;clear\n" + "".join(
    f"{LAKES[n % 4][0]} {n};{LAKES[n % 4][1] + n};{LAKES[n % 4][2] + n / 10:.1f}".replace(".", ",")
    + f";{LAKES[n % 4][3]};{'yes' if n % 3 else 'no'}\n"
    for n in range(38)
)
MAP = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"name": "Plot A", "area_ha": 1.25}, "geometry": {"type": "Polygon", "coordinates": [[[7.9, 46.6], [8.2, 46.65], [8.15, 46.8], [7.95, 46.78], [7.9, 46.6]], [[8.0, 46.68], [8.05, 46.68], [8.05, 46.72], [8.0, 46.68]]]}},
        {"type": "Feature", "properties": {"name": "Transect <1>"}, "geometry": {"type": "LineString", "coordinates": [[7.7, 46.55], [7.8, 46.7], [8.3, 46.75]]}},
        *({"type": "Feature", "properties": {"name": f"Trap {n}", "catch": n * 3}, "geometry": {"type": "Point", "coordinates": [7.75 + n / 12, 46.6 + math.sin(n) / 12]}} for n in range(7)),
    ],
}  # fmt: skip


def database() -> bytes:
    """A SQLite database of two tables and a view."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(
                "CREATE TABLE lakes (id INTEGER PRIMARY KEY, name TEXT NOT NULL, depth REAL, photo BLOB);"
                'CREATE TABLE "odd ""name""" (x);'
                "INSERT INTO lakes (name, depth, photo) VALUES ('Brienz', 259.5, x'0102'), ('Thun', 217, NULL);"
                "CREATE VIEW deep AS SELECT name FROM lakes WHERE depth > 250;"
            )
        return path.read_bytes()


def array(descr: str, shape: str, values: bytes, *, fortran: bool = False) -> bytes:
    """A file of NumPy's format 1.0 with this header."""
    header = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    header = f"{header:<{-(-(len(header) + 11) // 64) * 64 - 11}}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values


def archive(parts: dict[str, bytes]) -> bytes:
    """A ZIP file of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def made(name: str) -> bytes:
    """A file that another program has written."""
    return (MADE_FOLDER / name).read_bytes()


def sound() -> bytes:
    """A tenth of a second of silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8_000)
        file.writeframes(b"\x80" * 800)
    return made.getvalue()


WORKBOOK = xlsx_of(
    {
        "Measurements": [
            [text("site"), text("visited"), text("mean (°C)"), text("doubled")],
            *(
                [text(f"site {n}"), date(45413 + n), number(11.25 + n), formula(f"C{n}*2", 22.5 + 2 * n)]
                for n in range(20)
            ),
        ],
        "Notes": [[text("who"), text("what")], [text("Ada"), text("measured everything twice")]],
    }
)
GRID = array("'<f8'", "(4, 3)", struct.pack("<12d", *(n / 4 for n in range(12))))
SPECIMENS: dict[str, tuple[bytes, list[str]]] = {
    "survey.csv": (SURVEY.encode(), ["38 rows × 5 columns", "Summarise the columns"]),
    "waves.dat": (b"# time height\n0.0 1.5\n0.5 1.25\n1.0 NaN\n", ["3 rows × 2 columns", "height"]),
    "data.sas7bdat": (bytes(64), ["This is a SAS data set."]),
    "old.mdb": (bytes(64), ["Microsoft Access"]),
    "a.feather": (b"ARROW1\0\0" * 8, ["Apache Arrow"]),
    "model.pkl": (b"\x80\x04N\0.", ["load only what you trust"]),
    "sky.fits": (b"SIMPLE  = T\0", ["SAOImage DS9"]),
    "roads.shp": (bytes(64), ["part of a shapefile"]),
    "brain.nii.gz": (bytes(64), ["medical image"]),
    "run.csv.gz": (bytes(64), ["7-Zip"]),
    "dive.mkv": (bytes(64), ["VLC"]),
    "talk.key": (bytes(64), ["Keynote"]),
    "reads.bam": (bytes(64), ["aligned sequences"]),
    "curve.opj": (bytes(64), ["project of Origin"]),
    "trial.jmp": (bytes(64), ["program for statistics"]),
    "lakes.dta": (made("lakes.dta"), ["greatest depth in m", "Öschinen", "56.25", "2024-05-02", "3 rows"]),
    "lakes.xpt": (made("lakes.xpt"), ["greatest depth in m", "Öschinen", "56.25", "2024-05-02", "1959-12-31 23:00:00", "3 rows"]),
    "lakes.sav": (made("lakes.sav"), ["greatest depth in m", "Öschinen", "56.25", "2024-05-02", "3 rows"]),
    "lakes.mat": (made("lakes.mat"), ["structure", "2 × 2", "3 variables"]),
    "lakes.parquet": (made("lakes.parquet"), ["Öschinen", "56.25", "timestamp", "Snappy", "3 rows"]),
    "lakes.h5": (made("lakes.h5"), ["HDF5", '<a href="?sheet=3" rel="nofollow">plots/count</a>', "float64"]),
    "lakes.nc": (netcdf_of(1), ["Temperature of the water", "degC", "time = 3, lake = 2", "2 rows"]),
    "lakes.rds": (made("lakes.rds"), ["data.frame", "Öschinen", "56.25"]),
    "results.jsonl": (b'{"id": 1, "score": 0.5}\n{"id": 2, "score": 0.75}\n', ["2 rows", "0.75"]),
    "field.xlsx": (WORKBOOK, ["Measurements", "Notes", "2024-05-01", "22.5", "20 rows"]),
    "plots.ods": (ods_of({"Plots": [["plot", "n"], ["A", 3.5]]}), ["plot", "3.5", "1 row"]),
    "plots.geojson": (json.dumps(MAP).encode(), ['class="map"', "map-area", "Transect &lt;1&gt;", "9 rows"]),
    "lakes.sqlite": (database(), ["2 tables, 1 view", "deep (view)", "REAL", "259.5", "blob, 2 B"]),
    "grid.npy": (GRID, ["4 × 3", "float of 64 bits", "2.75"]),
    "arrays.npz": (archive({"grid.npy": GRID, "names.npy": array("'<U2'", "(2,)", "abcd".encode("utf-32-le"))}), ["names", "Arrays"]),
    "readme.md": (b"# Title\n\nText.\n", ['id="doc-title"']),
    "guide.rst": (b"Title\n=====\n\nText.\n", ['id="doc-title"']),
    "report.docx": (papers.word(papers.paragraph(papers.run("Measured in May"))), ["Measured in May"]),
    "report.odt": (papers.opendocument("<text:p>Measured in June</text:p>"), ["Measured in June"]),
    "talk.pptx": (papers.slides(papers.shape("Lakes of the Alps")), ["Lakes of the Alps"]),
    "letter.rtf": (b"{\\rtf1\\ansi Dear Ada,\\par}", ["Dear Ada,"]),
    "novel.epub": (papers.book(one="<p>It was a lake.</p>"), ["It was a lake."]),
    "old.doc": (bytes(64), ["before 2007"]),
    "works.bib": (b"@article{ada, title={Lakes}, author={Byron, Ada}, year={1843}}", ["Lakes", "1843"]),
    "works.ris": (b"TY  - JOUR\nTI  - Rivers\nAU  - Byron, Ada\nPY  - 1843\nER  - \n", ["Rivers", "1843"]),
    "book.ipynb": (b'{"cells": [{"cell_type": "markdown", "source": "# Notebook"}]}', ["Notebook"]),
    "environment.yml": (b"name: lakes # of the Alps\ndependencies: [r-base]\n", ["# of the Alps", "Outline"]),
    "pyproject.toml": (b"[project]\nname = 'lakes'\n", ["Outline"]),
    "lakes.gpx": (b"<gpx><wpt lat='46.7' lon='7.9'><name>Brienz</name></wpt></gpx>", ["Brienz", "Outline"]),
    "tree.json": (b'{"a": [1, 2.50]}', ["2.50", "<details"]),
    "files.zip": (zipped(["a/b.txt"]), ["a/b.txt"]),
    "files.tar.gz": (tarred(["c.txt"]), ["c.txt"]),
    "small.png": (png_of(30, 20), ["30 × 20", "<img"]),
    "scan.tif": (pictures.scan(), ["50 × 40 pixels", "The first of 2 pages", "(black) to", "/picture/main/scan.tif"]),
    "phone.heic": (pictures.heic(), ["64 × 48 pixels", "/picture/main/phone.heic"]),
    "lake.jpg": (pictures.photograph(turned=True, place=(46.7, 7.9)), ["40 × 60", "Kamera X100", "1/250 s, f/5.6, ISO 200", "46.70000° N, 7.90000° E, 566.0 m"]),
    "sensor.cr2": (bytes(64), ["raw photograph"]),
    "cells.czi": (bytes(64), ["image of a microscope"]),
    "poster.xcf": (bytes(64), ["painting program"]),
    "tone.wav": (sound(), ["<audio", "0.1 s", "8,000 Hz", "1 (mono)"]),
    "film.mp4": (b"\0\0\0\x18ftypmp42", ["<video", "#t=0.1", "/subtitles/main/film.en.srt", "srclang=\"en\""]),
    "film.en.srt": (b"1\n00:00:01,000 --> 00:00:02,500\nA lake\n", ["A lake"]),
    "paper.pdf": (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", ["<iframe"]),
    "part.stl": (models.stl(), ["4 triangles, 10 × 10 × 10", "data-model"]),
    "part.obj": (models.obj(), ["6 triangles"]),
    "part.glb": (models.glb(), ["4 triangles"]),
    "unknown.bin": (bytes(range(256)) * 20, ["This kind of file has no preview.", "Show bytes"]),
}  # fmt: skip
CHANGED: dict[str, bytes] = {
    "survey.csv": SURVEY.replace("Roth 7;426;17,2", "Roth 7;426;17,9")
    .replace("clear\n", "clear (Secchi)\n", 1)
    .encode(),
    "plots.ods": ods_of({"Plots": [["plot", "n", "seen"], ["A", 4.5, "yes"], ["B", 1, "no"]], "New": [["x"], ["y"]]}),
}
"""What a later version has of some of them."""

"""Texts behind the names of binary kinds: instruments and MATLAB write some, and models may be texts."""

import bz2

from tests.browse.kinds import made_models
from tests.browse.render.made_files import Show

TSV = b"Time\tVoltage\tCurrent\n0\t1.5\t0.2\n1\t1.6\t0.3\n2\t1.7\t0.4\n"
ASCII = b"   1.0000000e+00   2.5000000e+00\n   2.0000000e+00   3.5000000e+00\n   3.0000000e+00   4.5000000e+00\n"


def test_what_is_a_text_is_shown_as_one(shown: Show) -> None:
    page = b"<html><body><table><tr><td>Sample</td></tr></table></body></html>\n"
    packed = bz2.compress(b"\x01" * 100)
    visitor = shown({"a.xls": TSV, "b.xls": page, "c.mat": ASCII, "d.db": b"Gr\xf6\xdfe = 1\n", "e.tar.bz2": packed})
    instrument, matlab = visitor.get("/blob/main/a.xls"), visitor.get("/blob/main/c.mat")
    for table in (instrument, matlab):
        assert ('class="sheet' in table, ">Source<" in table, ">Edit<" in table) == (True, True, True)
    assert "3 rows" in instrument
    assert ("&lt;td&gt;" in visitor.get("/blob/main/a.xls?plain=1"), "1.7" in instrument) == (False, True)
    markup = visitor.get("/blob/main/b.xls")
    assert ("Sample" in markup, ">Blame<" in markup, "damaged" in markup) == (True, True, False)
    assert "Größe" in visitor.get("/blob/main/d.db")
    assert "GrцЯe" in visitor.get("/blob/main/d.db?encoding=windows-1251")
    assert "cannot be read" in visitor.get("/blob/main/e.tar.bz2")


def test_a_model_that_is_written_as_text_has_a_source(shown: Show) -> None:
    visitor = shown({"a.stl": made_models.written_stl(), "b.obj": made_models.obj(), "c.stl": made_models.stl()})
    for name in ("a.stl", "b.obj"):
        model, source = visitor.get(f"/blob/main/{name}"), visitor.get(f"/blob/main/{name}?plain=1")
        assert (">Source<" in model, ">Edit<" in model) == (True, True)
        assert (">Preview<" in source, ">Blame<" in source, 'class="code' in source) == (True, True, True)
    assert ">Source<" not in visitor.get("/blob/main/c.stl")
    assert visitor.get("/blob/main/c.stl?plain=1").count("triangles") == 1

"""Spreadsheets that tests make, part by part as programs write them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_ODS = "urn:oasis:names:tc:opendocument:xmlns:"
DATE_STYLE = f"<styleSheet xmlns='{_MAIN}'><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>"


def zip_of(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def text(value: str) -> str:
    """A cell with this text."""
    return f"<c t='inlineStr'><is><t>{escape(value)}</t></is></c>"


def number(value: float) -> str:
    """A cell with this number."""
    return f"<c><v>{value}</v></c>"


def date(days: float) -> str:
    """A cell with the date so many days after the last of 1899."""
    return f"<c s='1'><v>{days}</v></c>"


def formula(written: str, value: float) -> str:
    """A cell with a formula, and the value that it had."""
    return f"<c><f>{escape(written)}</f><v>{value}</v></c>"


def xlsx_of(sheets: Mapping[str, Sequence[Sequence[str]]], *, merged: Sequence[str] = (), front: str = "") -> bytes:
    """An XLSX file of these sheets, each of rows of cells; `merged` ranges in each; `front` is put before their XML."""
    merges = "".join(f"<mergeCell ref='{cells}'/>" for cells in merged)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f"<Types xmlns='{_TYPES}'/>",
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f"<workbook xmlns='{_MAIN}' xmlns:r='{_OFFICE}'><sheets>"
        + "".join(f"<sheet name='{name}' sheetId='{n}' r:id='r{n}'/>" for n, name in enumerate(sheets, 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [*(("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)), ("styles", "styles.xml")]
        ),
        "xl/styles.xml": DATE_STYLE,
    }
    for place, rows in enumerate(sheets.values(), 1):
        cells = "".join(f"<row r='{n}'>{''.join(row)}</row>" for n, row in enumerate(rows, 1))
        after = f"<mergeCells>{merges}</mergeCells>" if merged else ""
        sheet = f"<worksheet xmlns='{_MAIN}'><sheetData>{cells}</sheetData>{after}</worksheet>"
        parts[f"xl/worksheets/sheet{place}.xml"] = front + sheet
    return zip_of(parts)


def ods_of(sheets: Mapping[str, Sequence[Sequence[str | float]]]) -> bytes:
    """An ODS file of these sheets."""
    tables = "".join(
        f"<table:table table:name='{name}'>"
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    spaces = " ".join(f"xmlns:{name}='{_ODS}{name}:1.0'" for name in ("office", "table", "text"))
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    content = f"<office:document-content {spaces}>{body}</office:document-content>"
    manifest = f"<manifest:manifest xmlns:manifest='{_ODS}manifest:1.0'/>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return zip_of({"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content})


def _ods_cell(value: str | float) -> str:
    if isinstance(value, str):
        return f"<table:table-cell office:value-type='string'><text:p>{escape(value)}</text:p></table:table-cell>"
    return f"<table:table-cell office:value-type='float' office:value='{value}'/>"


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    made = "".join(
        f"<Relationship Id='r{n}' Type='{_OFFICE}/{kind}' Target='{target}'/>"
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f"<Relationships xmlns='{_RELATIONS}'>{made}</Relationships>"

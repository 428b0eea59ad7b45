"""Documents as office programs write them, in small."""

import io
import zipfile

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
_W = 'xmlns:w="urn:w" xmlns:r="urn:r" xmlns:a="urn:a" xmlns:wp="urn:wp"'
_O = (
    'xmlns:office="urn:office" xmlns:text="urn:text" xmlns:table="urn:table" xmlns:draw="urn:draw" xmlns:fo="urn:fo"'
    ' xmlns:style="urn:style" xmlns:xlink="urn:xlink"'
)


def packed(parts: dict[str, str | bytes]) -> bytes:
    """A ZIP file of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def relations(**targets: str) -> str:
    """The part that says what another one refers to; what is an address is elsewhere."""
    made = "".join(
        f'<Relationship Id="{name}" Target="{target}" TargetMode="{"External" if ":" in target else "Internal"}"/>'
        for name, target in targets.items()
    )
    return f'<Relationships xmlns="urn:relations">{made}</Relationships>'


def word(body: str, **parts: str | bytes) -> bytes:
    """A DOCX file whose document has this body; other parts by name, with `_` for the point of it."""
    styles = (
        '<w:style w:styleId="U"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="T"><w:name w:val="Title"/></w:style>'
        '<w:style w:styleId="L"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
    )
    numbering = (
        '<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
    )
    notes = '<w:footnote w:id="2"><w:p><w:r><w:t>The note</w:t></w:r></w:p></w:footnote>'
    return packed(
        {
            "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
            "word/styles.xml": f"<w:styles {_W}>{styles}</w:styles>",
            "word/numbering.xml": f"<w:numbering {_W}>{numbering}</w:numbering>",
            "word/footnotes.xml": f"<w:footnotes {_W}>{notes}</w:footnotes>",
            "word/_rels/document.xml.rels": relations(
                site="https://example.org/", bad="javascript:alert(1)", photo="media/photo.png", drawing="media/a.emf"
            ),
            "word/media/photo.png": PNG,
            "word/media/a.emf": b"\1\0\0\0",
            **{f"word/{name.replace('_', '.')}": content for name, content in parts.items()},
        }
    )


def run(text: str, properties: str = "") -> str:
    """Some words with these properties."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(content: str, properties: str = "") -> str:
    """A paragraph of words with these properties."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def opendocument(body: str, styles: str = "", kind: str = "text") -> bytes:
    """An ODT or ODP file with this body."""
    content = (
        f"<office:document-content {_O}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    return packed({"content.xml": content, "Pictures/a.png": PNG})


def slides(*shapes: str) -> bytes:
    """A PPTX file with a slide for each of these, which are named in the opposite order."""
    names = [f"slide{len(shapes) - place}" for place in range(len(shapes))]
    listed = "".join(f'<p:sldId id="25{name[5:]}" r:id="{name}"/>' for name in names)
    space = 'xmlns:p="urn:p" xmlns:a="urn:a" xmlns:r="urn:r"'
    parts: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {space}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(**{name: f"slides/{name}.xml" for name in names}),
        "ppt/media/a.png": PNG,
    }
    for name, shape in zip(names, shapes, strict=True):
        parts[f"ppt/slides/{name}.xml"] = f"<p:sld {space}><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:sld>"
        parts[f"ppt/slides/_rels/{name}.xml.rels"] = relations(photo="../media/a.png")
    return packed(parts)


def shape(words: str, kind: str = "") -> str:
    """A shape of a slide with one paragraph, a placeholder of this kind."""
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    return f"<p:sp>{place}<p:txBody><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>"


def book(**chapters: str) -> bytes:
    """An EPUB file with these chapters in their order."""
    items = "".join(f'<item id="{name}" href="text%20s/{name}.xhtml"/>' for name in chapters)
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfile full-path="OEBPS/b.opf"/></container>',
            "OEBPS/b.opf": "<package xmlns:dc='urn:dc'><metadata><dc:title>A &amp; B</dc:title></metadata>"
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{f"OEBPS/text s/{name}.xhtml": content for name, content in chapters.items()},
        }
    )

"""QR codes (ISO/IEC 18004) as pictures for an `img`."""


def draw(text: str) -> str:
    """A `data:` address of an SVG picture of the text, black on white with a margin."""
    import segno  # noqa: PLC0415 - 2 MB that a process needs when somebody sets up an app

    return str(segno.make(text, error="m").svg_data_uri(scale=5, border=4, light="#fff"))

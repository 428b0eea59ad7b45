"""A tetrahedron with edges of 10, in each form that pages draw."""

import json
import struct

CORNERS = [(0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (0.0, 10.0, 0.0), (0.0, 0.0, 10.0)]
FACES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]


def stl() -> bytes:
    """In the binary form."""
    facets = b"".join(
        struct.pack("<12fH", 0, 0, 0, *CORNERS[one], *CORNERS[two], *CORNERS[three], 0) for one, two, three in FACES
    )
    return b"solid names no form".ljust(80) + struct.pack("<I", len(FACES)) + facets


def written_stl() -> bytes:
    """In the form of text."""
    facets = "".join(
        "facet normal 0 0 0\n outer loop\n"
        + "".join("  vertex {} {} {}\n".format(*CORNERS[number]) for number in face)
        + " endloop\nendfacet\n"
        for face in FACES
    )
    return f"solid a\n{facets}endsolid a\n".encode()


def obj() -> bytes:
    """As text, with a face of four corners beside."""
    corners = "".join("v {} {} {}\n".format(*corner) for corner in CORNERS)
    faces = "".join("f {}//1 {} {}\n".format(*(number + 1 for number in face)) for face in FACES)
    return f"mtllib a.mtl\n{corners}{faces}f 1 2 3 4\n".encode()


def glb(**more: object) -> bytes:
    """In glTF's binary form; `more` is added to its description."""
    indices = struct.pack("<12H", *(number for face in FACES for number in face))
    corners = b"".join(struct.pack("<3f", *corner) for corner in CORNERS)
    scene = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 1}, "indices": 0}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5123, "count": 12, "type": "SCALAR"},
            {"bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC3", "min": [0, 0, 0], "max": [10, 10, 10]},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 24},
            {"buffer": 0, "byteOffset": 24, "byteLength": 48},
        ],
        "buffers": [{"byteLength": 72}],
    } | more
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", 72, b"BIN\0") + indices + corners
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body

"""Models in three dimensions: what a page says of them; whether they are drawn is seen by the browser's tests."""

from pathlib import Path

import pytest

from framework.browse.render.media.models import Model, ModelUnreadable, read_model
from framework.browse.view_options import ViewOptions
from tests.browse.kinds import made_models as made
from tests.browse.render.made_files import Show

SIZE = (10, 10, 10)
DRACO = "Its shapes are packed with Draco and are not drawn here. Blender opens it."
MATERIALS = "The materials that it names are not shown."


def read(folder: Path, name: str, content: bytes) -> Model:
    (folder / name).write_bytes(content)
    return read_model(name, str(folder / name), ViewOptions())


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.stl", made.stl(), Model("stl", 4, SIZE)),
        ("b.stl", made.written_stl(), Model("stl", 4, SIZE)),
        ("a.obj", made.obj(), Model("obj", 6, SIZE, MATERIALS)),
        ("a.glb", made.glb(), Model("glb", 4, SIZE)),
        ("moved.glb", made.glb(nodes=[{"mesh": 0, "scale": [2, 2, 2]}]), Model("glb", 4)),
        (
            "parts.glb",
            made.glb(images=[{"uri": "https://example.org/a.png"}]),
            Model("glb", 4, SIZE, "It names other files, which are not loaded."),
        ),
        (
            "packed.glb",
            made.glb(extensionsRequired=["KHR_mesh_quantization", "KHR_draco_mesh_compression"]),
            Model(
                "glb",
                4,
                SIZE,
                "Its shapes are packed with Draco and are not drawn here. Blender opens it.",
                is_drawn=False,
            ),
        ),
    ],
)
def test_triangles_and_size_are_told(tmp_path: Path, name: str, content: bytes, expected: Model) -> None:
    assert read(tmp_path, name, content) == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.stl", b""),
        ("a.stl", made.stl()[:-1]),
        ("a.obj", b"\x64\x86\x04\0compiled"),
        ("a.obj", b"v nan inf 1e999\n"),
        ("a.obj", b"v one 2 3\nf 1 1 1\n"),
        ("a.glb", b"glTF"),
        ("a.glb", made.glb(meshes=[{}])),
        ("a.glb", made.glb(meshes=[[[]]])),
        ("a.glb", made.glb(accessors=[])),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(ModelUnreadable):
        read(tmp_path, name, content)


def test_the_viewer_is_loaded_on_the_pages_of_models_only(shown: Show) -> None:
    onlooker = shown({"a.stl": made.stl(), "notes.txt": b"notes"})
    page = onlooker.get("/blob/main/a.stl")
    assert 'data-model="/alice/website/raw/main/a.stl" data-form="stl"' in page
    assert "<noscript>" in page
    assert "built/models.js" in page
    assert "models.js" not in onlooker.get("/blob/main/notes.txt")

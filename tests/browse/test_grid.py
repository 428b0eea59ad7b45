"""Folders of pictures: a grid of thumbnails, or a list for whoever wants one."""

import re

from tests.browse.kinds.made_pictures import photograph
from tests.browse.render.made_files import Show

PHOTOGRAPHS = {f"photos/plot {number}%.jpg": photograph() for number in range(5)}
OTHERS = {
    "photos/plan.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "photos/notes.txt": b"notes",
    "photos/a/b.txt": b"b",
}


def thumbnails(page: str) -> list[str]:
    """The addresses of the pictures of a grid."""
    return re.findall(r'class="tile-picture">.*?<img src="([^"]+)" alt="" loading="lazy"', page)


def test_a_folder_of_pictures_is_a_grid_whose_pictures_are_there(shown: Show) -> None:
    onlooker = shown(PHOTOGRAPHS | OTHERS)
    page = onlooker.get("/tree/main/photos")
    addresses = [address.replace("&amp;", "&") for address in thumbnails(page)]
    assert len(addresses) == 6
    for address in addresses:
        answer = onlooker.visitor.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml" if ".svg" in address else "image/webp")
    assert "notes.txt" in page
    assert 'class="table files"' not in page


def test_the_reader_chooses_and_folders_below_keep_the_choice(shown: Show) -> None:
    onlooker = shown(PHOTOGRAPHS | OTHERS | {"photos/a/c.png": b"", "text/d.txt": b"d"})
    listed = onlooker.get("/tree/main/photos?view=list")
    assert thumbnails(listed) == []
    assert "/tree/main/photos/a?view=list" in listed
    assert "/tree/main/photos/a?view=grid" in onlooker.get("/tree/main/photos?view=grid")
    assert len(thumbnails(onlooker.get("/tree/main/photos/a?view=grid"))) == 1
    assert thumbnails(onlooker.get("/tree/main/photos/a")) == []
    assert "view=grid" not in onlooker.get("/tree/main/text"), "there is nothing to choose without pictures"
    assert thumbnails(onlooker.get("/tree/main/photos?view=%3Cb")) == thumbnails(onlooker.get("/tree/main/photos"))

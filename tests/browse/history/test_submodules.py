"""A submodule leads to the project that it names, or to a page that a browser can open."""

from collections.abc import Callable

import pytest

from framework.browse.history.submodules import submodule_address
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from tests.browse.conftest import Onlooker

SHA = "1" * 40


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("../notes.git", f"/alice/notes/tree/{SHA}"),
        ("./../notes", f"/alice/notes/tree/{SHA}"),
        ("../../bob/thesis.git/", f"/bob/thesis/tree/{SHA}"),
        ("https://here.example:5000/bob/thesis.git", f"/bob/thesis/tree/{SHA}"),
        ("https://bob:secret@here.example:5000/bob/thesis", f"/bob/thesis/tree/{SHA}"),
        ("../../../elsewhere/bob/thesis", "https://elsewhere/bob/thesis"),
        ("https://github.com/libgit2/libgit2.git", "https://github.com/libgit2/libgit2"),
        ("https://user:secret@github.com/a/b", "https://github.com/a/b"),
        ("git@github.com:libgit2/libgit2.git", "https://github.com/libgit2/libgit2"),
        ("ssh://git@example.org:2222/a/b.git", "https://example.org/a/b"),
        ("git://example.org/a/b", "https://example.org/a/b"),
        ("http://example.org:8080/a b", "http://example.org:8080/a%20b"),
        ("/srv/git/a.git", None),
        ("file:///srv/git/a.git", None),
        ("C:/repositories/a", None),
        ("ext::sh -c x", None),
        ("https://[::1/a", None),
        ('https://x"onclick=alert(1)/a', None),
        ("", None),
    ],
)
def test_where_it_leads(
    website: ProjectAccess, with_settings: Callable[..., Config], url: str, address: str | None
) -> None:
    with_settings(base_url="https://here.example:5000")
    assert submodule_address(website, url, SHA) == address


def test_pages_link_to_it(onlooker: Onlooker) -> None:
    modules = b'[submodule "m"]\n\tpath = module\n\turl = ../notes.git\n'
    modules += b'[submodule "d.e"]\n\tpath = deep/er\n\turl = git@github.com:a/b.git\n'
    onlooker.gallery.git("update-index", "--add", "--cacheinfo", f"160000,{SHA},deep/er")
    onlooker.gallery.write({".gitmodules": modules})
    onlooker.gallery.git("add", ".gitmodules")
    onlooker.gallery.git("commit", "-q", "-m", "Modules")
    onlooker.show()
    assert f'href="/alice/notes/tree/{SHA}"' in onlooker.get()
    assert '<a href="https://github.com/a/b" rel="nofollow noopener">er</a>' in onlooker.get("/tree/main/deep")


def test_a_change_of_it_tells_its_commits(onlooker: Onlooker) -> None:
    added = onlooker.gallery.git("rev-parse", "main")
    onlooker.gallery.git("update-index", "--cacheinfo", f"160000,{'2' * 40},module")
    onlooker.gallery.git("commit", "-q", "-m", "Move it")
    moved = onlooker.gallery.git("rev-parse", "main")
    onlooker.gallery.git("update-index", "--force-remove", "module")
    onlooker.gallery.git("commit", "-q", "-m", "Without it")
    onlooker.show()
    assert f"Submodule at {SHA[:10]}." in onlooker.get(f"/commit/{added}")
    assert f"Submodule from {SHA[:10]} to {'2' * 10}." in onlooker.get(f"/commit/{moved}")
    gone = onlooker.get(f"/commit/{onlooker.gallery.git('rev-parse', 'main')}")
    assert f"Submodule at {'2' * 10} before." in gone
    assert "/module" not in gone.partition("1 changed file")[2], "there is no page of it to open"
    assert '">+0<' not in gone


def test_a_page_comes_whatever_gitmodules_says(onlooker: Onlooker) -> None:
    onlooker.gallery.write({".gitmodules": b"[submodule \xff\n\0"})
    onlooker.gallery.git("add", ".gitmodules")
    onlooker.gallery.git("commit", "-q", "-m", "Broken")
    onlooker.show()
    assert "module" in onlooker.get()

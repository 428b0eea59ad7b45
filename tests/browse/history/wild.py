"""Histories of branches that change, copy from each other, take back, and are merged in every way."""

import random

from tests.browse.gallery import Gallery

FILES = ("a", "b", "c", "folder/d", "folder/e", "folder/deep/f")
STRATEGIES = (("-X", "ours"), ("-X", "theirs"), ("-s", "ours"))


def wild(gallery: Gallery, dice: random.Random) -> None:
    """Branches that change, copy from each other, take back, and are merged in every way."""
    gallery.git("init", "-q", "-b", "main")
    gallery.commit(dict.fromkeys(FILES, b"0\n"), "Base")
    for number in range(24):
        branches = gallery.git("for-each-ref", "--format=%(refname:short)").split()
        gallery.git("checkout", "-q", "-f", dice.choice(branches))
        if dice.random() < 0.4:
            gallery.git("checkout", "-q", "-b", f"b{number}")
        gallery.commit({dice.choice(FILES): b"%d\n" % dice.randrange(4)}, f"Change {number}")
        if dice.random() < 0.5:
            merged = ["merge", "-q", "--no-ff", *dice.choice(STRATEGIES), "-m", f"Merge {number}"]
            gallery.git(*merged, *dice.sample(branches, 1))

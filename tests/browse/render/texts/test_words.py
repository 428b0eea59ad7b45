"""Words that stand for something else: names of emoji in Markdown, roles of Sphinx in reStructuredText."""

from framework.browse.render.documents import Links, render_to_html

LINKS = Links("", "main", "")


def test_emoji_have_names_outside_of_code_and_ids() -> None:
    made = render_to_html(
        "# :rocket: Launch :+1:\n\nAt 10:30:15 :nosuch: `:tada:` :tada::zap: a::x::b 1:x:2\n", LINKS, "markdown"
    )
    assert '<h1 id="doc-rocket-launch-1">🚀 Launch 👍</h1>' in made
    assert "At 10:30:15 :nosuch: <code>:tada:</code> 🎉⚡ a::x::b 1:x:2" in made


def test_roles_of_other_programs_are_shown_by_their_words() -> None:
    made = str(render_to_html("See :ref:`the guide <guide>`, :func:`~a.b` and `x`_.\n", LINKS, "rst"))
    assert [part in made for part in ("the guide", "a.b", ":ref:", ":func:", "<a")] == [True, True, False, False, False]

"""People as they are typed or pasted: by commas, spaces or lines, from a mail's header or a table's column."""

import re

MOST = 200
"""People in one list; as many as an account may invite within an hour."""

_DISPLAYED = re.compile(r'"[^"\n]*"(?=\s{0,9}<)')
_HEADING = re.compile(r'\s{0,9}"?(e-?mails?|(user)? ?names?|person|people)"?\s{0,9}[\r\n]', re.IGNORECASE)


def split_people(text: str) -> list[str]:
    """The names and addresses in a text, each once, in their order; `Ann Lee <ann@example.org>` is the address.

    The heading of a pasted column is left out.
    """
    heading = _HEADING.match(text)
    parts = re.split(r"[,;\r\n\t]+", _DISPLAYED.sub("", text[heading.end() :] if heading else text))
    first: dict[str, str] = {}
    for person in (person for part in parts for person in _list_people(part)):
        first.setdefault(person.casefold(), person)
    return list(first.values())


def _list_people(part: str) -> list[str]:
    _name, bracket, rest = part.partition("<")
    if bracket:
        return [rest.partition(">")[0].strip() if ">" in rest else part.strip()]
    unquoted = (word.strip("\"'") for word in part.split())
    return [word for word in unquoted if word]

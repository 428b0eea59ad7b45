"""What people say of themselves, and owners of their groups: a text, and addresses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.core.validation import printable
from framework.accounts.lifecycle.signup import require_confirmed
from framework.accounts.models import Profile, User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.errors import Invalid
from framework.groups.access import GroupAccess, recheck_group
from framework.projects.core.groups import OWNER

LONGEST_ABOUT = 2000
MOST_LINKS = 5
LONGEST_LINK = 200
HTTPS = "https://"

_HOST = re.compile(r"[\w-]+(\.[\w-]+)+", re.UNICODE)


class InvalidAbout(Invalid):
    """The text is too long, or has characters that cannot be shown."""

    field = "about"


class InvalidLinks(Invalid):
    """There are too many addresses, or one is none."""

    field = "links"


@dataclass(frozen=True)
class ProfileText:
    """What a profile tells: Markdown, addresses that begin with https://, and whether a group shows who is in it."""

    about: str = ""
    links: Sequence[str] = field(default_factory=tuple)
    people_public: bool = False


def read_profile_text(user_id: int) -> ProfileText:
    """What this person or group says; nothing where they have said nothing."""
    with read_transaction() as session:
        return profile_text_of(session, user_id)


def profile_text_of(session: Session, user_id: int) -> ProfileText:
    """The same, within a transaction."""
    row = session.get(Profile, user_id)
    return ProfileText(row.about, tuple(row.links), row.people_public) if row else ProfileText()


def save_profile_text(
    account: Account,
    group: GroupAccess | None,
    *,
    about: str | None = None,
    links: Sequence[str] | None = None,
    people_public: bool | None = None,
) -> ProfileText:
    """Have the profile say this, one's own or that of a group that one owns; what is not given stays.

    Raises:
        InvalidAbout, InvalidLinks: nothing is changed.
        AddressUnconfirmed, OwnersOnly, GroupNotFound: they may not.
    """
    about = None if about is None else check_about(about)
    links = None if links is None else check_links(links)
    with transaction() as session:
        owner = lock_owner(session, account, group)
        row = session.get(Profile, owner.id) or Profile(user_id=owner.id, about="", links=[], people_public=False)
        session.add(row)
        row.about = row.about if about is None else about
        row.links = row.links if links is None else list(links)
        if group and people_public is not None and people_public != row.people_public:
            row.people_public = people_public
            shown = "to everyone" if people_public else "to its people"
            audit.record(session, "group_changed", actor=account, person=owner, people=f"shown {shown}")
        return ProfileText(row.about, tuple(row.links), row.people_public)


def lock_owner(session: Session, account: Account, group: GroupAccess | None) -> User:
    """The row of whose profile it is, locked, for who may change it: the person, or an owner of the group.

    Raises:
        AddressUnconfirmed, OwnersOnly, GroupNotFound, AccountNotFound, AccountSuspended.
    """
    require_confirmed(session, account.id)
    if group:
        return recheck_group(session, group.id, account, OWNER)
    return session.get_one(User, account.id, with_for_update={"key_share": True}, populate_existing=True)


def check_about(text: str) -> str:
    """The text without blanks at its ends.

    Raises:
        InvalidAbout.
    """
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_ABOUT or not printable(text.replace("\n", "").replace("\t", "")):
        raise InvalidAbout(f"The text has at most {LONGEST_ABOUT:,} characters, all of them visible.")
    return text


def check_links(links: Sequence[str]) -> tuple[str, ...]:
    """The addresses, each once; `https://` may be left out.

    Raises:
        InvalidLinks.
    """
    given = dict.fromkeys(link.strip() for link in links if link.strip())
    if len(given) > MOST_LINKS:
        raise InvalidLinks(f"A profile has at most {MOST_LINKS} links.")
    return tuple(dict.fromkeys(_check_link(link) for link in given))


def _check_link(link: str) -> str:
    whole = link if "://" in link else HTTPS + link
    try:
        parts = urlsplit(whole)
        host, place = parts.hostname or "", parts.netloc
    except ValueError:
        host = place = ""
    plain = printable(link) and not re.search(r"[\s<>\"\\^`{|}]", link)
    if len(whole) > LONGEST_LINK or not plain or not whole.lower().startswith(HTTPS) or "@" in place:
        raise InvalidLinks(f"“{link[:LONGEST_LINK]}” is not an address that begins with {HTTPS}")
    if not _HOST.fullmatch(host) or ":" in place:
        raise InvalidLinks(f"“{link[:LONGEST_LINK]}” names no site.")
    return HTTPS + whole[len(HTTPS) :]

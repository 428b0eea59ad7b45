"""What is kept of one person, as values that become JSON: nothing secret, and nothing that names others needlessly."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, or_, select
from sqlalchemy.orm import Session, aliased

from framework.accounts.core.account import Account
from framework.accounts.core.former_names import former_names
from framework.accounts.models import (
    AddressChange,
    AuthenticatorApp,
    BrowserSession,
    GroupMember,
    Identity,
    Passkey,
    RecoveryCode,
    Token,
    User,
)
from framework.audit.models import AuditEntry
from framework.profiles.editing import profile_text_of
from framework.projects.core.groups import may_see
from framework.projects.models import Event, Invitation, MailChoice, Member, Notice, Project
from framework.statuses.models import CommitStatus
from framework.webhooks.models import Webhook

MOST_ROWS = 20_000
"""Of each list the newest are exported: years of a busy account, and a bounded file."""

ACCOUNT = (
    *("id", "name", "full_name", "email", "email_verified_at", "pending_email", "admin", "created_at"),
    *("mail_frequency", "suspended_at", "plan"),
)
README = """What is stored about you at {site}, exported on {day}.

account.json        your account, profile and settings, earlier user names, changes of address that can be undone
picture.webp        your picture, if you have one
sign-in.json        the browsers that you are signed in with, your authenticator app, recovery codes by date, passkeys,
                    access tokens and linked accounts by name; no secret is in it
audit.json          what the audit log has about you; IP addresses are those of your own actions
activity.json       what you did in projects; those that you see no longer have a number and no name
inbox.json          the messages in your inbox
memberships.json    the projects of others and the groups in which you take part, and invitations that you have sent
webhooks.json       the webhooks that you set, without secrets, and what your programs said about commits; of projects
                    that you see no longer without their names, too
projects.json       the projects that you own, and where the history of each is
projects/*.bundle   their history: `git clone NAME.bundle` opens one

Of each list the newest {most:,} entries are here. Moments are in UTC.
"""


def read_contents(session: Session, user: User) -> dict[str, Any]:
    """The JSON files of somebody's export, by name."""
    return {
        "account.json": _read_account(session, user),
        "sign-in.json": _read_sign_in(session, user.id),
        "audit.json": _read_audit(session, user),
        "activity.json": _read_activity(session, user),
        "inbox.json": _read_inbox(session, user.id),
        "memberships.json": _read_memberships(session, user),
        "webhooks.json": _read_webhooks(session, user),
    }


def _sees(user: User) -> ColumnElement[bool]:
    """Which projects the person sees: through others only where roles that others gave count."""
    mine = or_(Project.owner_id == user.id, Project.visibility == "public")
    return may_see(user.id) if Account.of(user).takes_part else mine


def _read_account(session: Session, user: User) -> dict[str, Any]:
    choices = (
        select(User.name.label("owner"), Project.name.label("project"), MailChoice.frequency)
        .join(Project, Project.id == MailChoice.project_id)
        .join(User, User.id == Project.owner_id)
        .where(MailChoice.user_id == user.id, _sees(user))
    )
    profile = profile_text_of(session, user.id)
    changes = select(AddressChange.email, AddressChange.changed_at).where(AddressChange.user_id == user.id)
    return {
        **{name: _plain(getattr(user, name)) for name in ACCOUNT},
        "profile": {"about": profile.about, "links": list(profile.links)},
        "former_names": former_names(session, user.id),
        "replaced_addresses": _rows(session, changes),
        "mail_choices": _rows(session, choices),
    }


def _read_sign_in(session: Session, user_id: int) -> dict[str, Any]:
    browser = BrowserSession
    browsers = select(browser.address, browser.agent, browser.remembered, browser.created_at, browser.last_used_at)
    tokens = select(Token.name, Token.scopes, Token.created_at, Token.expires_at, Token.last_used_at)
    passkeys = select(Passkey.name, Passkey.created_at, Passkey.last_used_at)
    apps = select(AuthenticatorApp.created_at).where(AuthenticatorApp.user_id == user_id)
    codes = select(RecoveryCode.created_at).where(RecoveryCode.user_id == user_id)
    linked = select(
        Identity.provider, Identity.issuer, Identity.name, Identity.shown, Identity.created_at, Identity.last_used_at
    )
    return {
        "browsers": _rows(session, browsers.where(browser.user_id == user_id).order_by(browser.id.desc())),
        "tokens": _rows(session, tokens.where(Token.user_id == user_id).order_by(Token.id.desc())),
        "passkeys": _rows(session, passkeys.where(Passkey.user_id == user_id).order_by(Passkey.id.desc())),
        "authenticator_apps": _rows(session, apps),
        "unused_recovery_codes": _rows(session, codes),
        "linked_accounts": _rows(session, linked.where(Identity.user_id == user_id).order_by(Identity.id.desc())),
    }


def _read_audit(session: Session, user: User) -> list[dict[str, Any]]:
    """Entries about the person; of what others did the address is left out, and of what they did the other's name.

    Whoever was added by an address has a name that the person who added them need not know. To which project others
    have added somebody is told once that counts.
    """
    user_id, takes_part = user.id, Account.of(user).takes_part
    mine = or_(AuditEntry.actor_id == user_id, AuditEntry.person_id == user_id)
    entries = session.scalars(select(AuditEntry).where(mine).order_by(AuditEntry.id.desc()).limit(MOST_ROWS))
    return [
        {
            "at": _plain(entry.created_at),
            "kind": entry.kind,
            "by": entry.actor,
            "about_you": entry.person_id == user_id,
            "project": entry.project if takes_part or entry.actor_id == user_id else None,
            "address": entry.address if entry.actor_id == user_id else None,
            "details": _without_people(entry.details) if entry.actor_id == user_id else {},
        }
        for entry in entries
    ]


def _read_activity(session: Session, user: User) -> list[dict[str, Any]]:
    """What the person did; a project that they see no longer is named by its number, since its name may be another."""
    owner, sees = aliased(User), _sees(user)
    names = case((sees, owner.name)).label("owner"), case((sees, Project.name)).label("project")
    query = (
        select(Event.created_at, *names, Event.project_id, Event.kind, Event.details)
        .join(Project, Project.id == Event.project_id)
        .join(owner, owner.id == Project.owner_id)
        .where(Event.actor_id == user.id)
    )
    rows = _rows(session, query.order_by(Event.id.desc()))
    return [{**row, "details": _without_people(row["details"])} for row in rows]


def _without_people(details: Mapping[str, Any]) -> dict[str, Any]:
    """The same without the numbers of accounts, which would tell who was added by an address."""
    return {name: value for name, value in details.items() if name not in {"person_id", "person_ids"}}


def _read_inbox(session: Session, user_id: int) -> list[dict[str, Any]]:
    query = (
        select(Notice.created_at, Notice.read_at, Notice.mentioned, Event.kind)
        .join(Event, Event.id == Notice.event_id)
        .where(Notice.user_id == user_id)
    )
    return _rows(session, query.order_by(Notice.id.desc()))


def _read_memberships(session: Session, user: User) -> dict[str, Any]:
    """Only where they count: before, the person sees neither the projects nor the groups."""
    projects = (
        select(User.name.label("owner"), Project.name.label("project"), Member.role, Member.added_at)
        .join(Project, Project.id == Member.project_id)
        .join(User, User.id == Project.owner_id)
        .where(Member.user_id == user.id, Project.trashed_at.is_(None), _sees(user))
    )
    groups = select(User.name.label("group"), GroupMember.role, GroupMember.added_at).join(
        User, User.id == GroupMember.group_id
    )
    in_groups = GroupMember.user_id == user.id if Account.of(user).takes_part else false()
    sent = select(Invitation.email, Invitation.role, Invitation.created_at, Invitation.expires_at)
    return {
        "projects": _rows(session, projects.order_by(Member.added_at.desc())),
        "groups": _rows(session, groups.where(in_groups)),
        "invitations_sent": _rows(session, sent.where(Invitation.invited_by_id == user.id)),
    }


def _read_webhooks(session: Session, user: User) -> dict[str, Any]:
    """Of a project that the person sees no longer the number; the name of a group is no secret."""
    owner, sees = aliased(User), _sees(user)
    names = (
        case((or_(sees, Project.id.is_(None)), owner.name)).label("owner"),
        case((sees, Project.name)).label("project"),
    )
    hooks = (
        select(*names, Webhook.project_id, Webhook.url, Webhook.events, Webhook.created_at)
        .join(owner, owner.id == Webhook.owner_id)
        .outerjoin(Project, Project.id == Webhook.project_id)
        .where(Webhook.made_by_id == user.id)
    )
    said = CommitStatus
    statuses = (
        select(*names, said.project_id, said.sha, said.context, said.state)
        .add_columns(said.description, said.target_url, said.updated_at)
        .join(Project, Project.id == said.project_id)
        .join(owner, owner.id == Project.owner_id)
        .where(said.creator_id == user.id)
    )
    return {
        "webhooks": _rows(session, hooks.order_by(Webhook.id.desc())),
        "statuses": _rows(session, statuses.order_by(said.id.desc())),
    }


def _rows(session: Session, query: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    found: Sequence[Mapping[str, Any]] = session.execute(query.limit(MOST_ROWS)).mappings().all()  # type: ignore[assignment]
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: object) -> object:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value

"""People, their groups and addresses, how and where they sign in, tokens, and budgets of what may happen."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from framework.database.types import Base, Id32, now, partial_index


class User(Base):
    """A person, or a group of people; `name_key` and `email_key` are the case-folded forms that are unique.

    An address counts once it is confirmed, as `email_verified_at` tells; `accounts/core/addresses.py` has the rules.
    `pending_email` waits for its confirmation: that of a new account, or the one that is to replace `email`. While none
    is confirmed `email_key` is no address, so that whoever confirms one can have it.
    `session_key` changes with the password, and binds links in mails to it; a browser's session is a row of its own.
    `plan` is what an administrator gave them; without it the confirmed address decides (`accounts/core/plans.py`).
    `quota_warned_percent` is how full a mail has told them that their plan is, 0 when none has since there was room.
    Who was deleted with projects in the trash keeps a row, as `deleted_at` tells, until the last of these is gone.
    `removal_told_at` is when a mail told somebody who never confirmed the address that the account will be removed.
    A group (`kind`) owns projects as a person does, and signs in nowhere: it has no password, and no address.
    `member_role` is what its members are in its projects, NULL for writers; `people_changed_at` when they last changed.
    Where `owners_need_factor`, an owner without a second factor is a member (`accounts/core/ways_in/reading.py`).
    `picture` is the digest of a row of `pictures`. `counted_bytes` is what their projects stored as last added up.
    """

    __tablename__ = "users"
    __table_args__ = (
        partial_index("ix_users_groups", "name_key", where="kind = 'group'"),
        partial_index("ix_users_administrators", "id", where="admin"),
        partial_index("ix_users_plan", "plan", where="plan IS NOT NULL"),
        Index(None, "counted_bytes", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(39))
    name_key: Mapped[str] = mapped_column(String(39), unique=True)
    full_name: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    email_verified_at: Mapped[datetime | None]
    pending_email: Mapped[str | None] = mapped_column(String(254))
    pending_email_key: Mapped[str | None] = mapped_column(String(254), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    session_key: Mapped[str] = mapped_column(Id32)
    admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    mail_frequency: Mapped[str] = mapped_column(String(10), default="daily", server_default="daily")
    suspended_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    plan: Mapped[str | None] = mapped_column(String(20))
    quota_warned_percent: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    kind: Mapped[str] = mapped_column(String(10), default="person", server_default="person")
    member_role: Mapped[str | None] = mapped_column(String(10))
    owners_need_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    people_changed_at: Mapped[datetime | None]
    picture: Mapped[str | None] = mapped_column(String(32))
    removal_told_at: Mapped[datetime | None]
    counted_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class Profile(Base):
    """What a person or a group says of itself: Markdown, and addresses; whether anyone may see who is in the group."""

    __tablename__ = "profiles"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    about: Mapped[str] = mapped_column(default="")
    links: Mapped[list[Any]] = mapped_column(default=list)
    people_public: Mapped[bool] = mapped_column(default=False)


class Picture(Base):
    """The picture of a person or a group, a WebP of a few KB; `digest`, of its content, is part of its address."""

    __tablename__ = "pictures"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(32), index=True)
    content: Mapped[bytes]


class GroupMember(Base):
    """A person's role in a group: owner, member or participant, who sees none of the group's projects.

    `added_as` is the address by which they were added; it stands for their name until they come themselves.
    """

    __tablename__ = "group_members"
    __table_args__ = (Index(None, "user_id", "group_id"),)

    group_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(12))
    added_as: Mapped[str | None] = mapped_column(String(254))
    added_at: Mapped[datetime] = mapped_column(default=now)


class Invited:
    """What a row of each kind of invitation tells: whose address it waits for, who sent it, and when it ends."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), index=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class GroupInvitation(Invited, Base):
    """A role in a group for whoever confirms this address; it becomes a membership then, and ends at `expires_at`."""

    __tablename__ = "group_invitations"
    __table_args__ = (UniqueConstraint("group_id", "email_key"),)

    group_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(12))


class PlanLimits(Base):
    """What a plan allows where an administrator has changed it, else it has defaults; NULL is no limit."""

    __tablename__ = "plans"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger)
    private_projects: Mapped[int | None]
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)


class AddressChange(Base):
    """An address that was replaced by another one; the person at `email`, the old one, can undo it for some days."""

    __tablename__ = "address_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    changed_at: Mapped[datetime] = mapped_column(default=now, index=True)


class FormerUserName(Base):
    """A name, case-folded, that somebody had before; it leads to them and is nobody else's."""

    __tablename__ = "former_user_names"

    name_key: Mapped[str] = mapped_column(String(39), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ReservedUserName(Base):
    """A name, case-folded, of an account that was deleted: nobody can take it before `free_at`."""

    __tablename__ = "reserved_user_names"

    name_key: Mapped[str] = mapped_column(String(39), primary_key=True)
    free_at: Mapped[datetime] = mapped_column(index=True)


class AccountInvitation(Invited, Base):
    """An address that an administrator lets sign up, whatever `SIGNUP` says, until `expires_at`."""

    __tablename__ = "account_invitations"

    email_key: Mapped[str] = mapped_column(String(254), unique=True)


class BrowserSession(Base):
    """A browser in which somebody is signed in; only the SHA-256 of the secret in its cookie is kept.

    `agent` and `address` are what the browser told at signing in; `last_used_at` is right to the hour.
    `reauthenticated_at` is when the password was last asked for again, after signing in.
    """

    __tablename__ = "browser_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(45))
    agent: Mapped[str] = mapped_column(String(300))
    remembered: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(index=True)
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    reauthenticated_at: Mapped[datetime | None]


class AuthenticatorApp(Base):
    """An app that shows codes for an account (TOTP, RFC 6238); `sealed` is its secret, by the key `key_name`.

    `last_step` is the 30 seconds, counted from 1970, whose code was used last: none of before works any more.
    """

    __tablename__ = "authenticator_apps"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[str] = mapped_column(String(300))
    key_name: Mapped[str] = mapped_column(String(16), index=True)
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)


class RecoveryCode(Base):
    """A code that stands in for a second factor once; only its SHA-256 is kept, and its row goes when it is used."""

    __tablename__ = "recovery_codes"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Passkey(Base):
    """A credential of WebAuthn: its id and public key in base64url, and the counter of its authenticator.

    `handle` is by what the authenticator knows the account: that of its first passkey, unless both were made at once.
    """

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(String(2000))
    handle: Mapped[str] = mapped_column(Id32)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class Identity(Base):
    """An account at a provider by which somebody signs in: `issuer` and `subject` name it for ever.

    `name` is what its person knows it by, such as an address; `shown` tells others of it, on the profile.
    """

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(20))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    shown: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class SpentChallenge(Base):
    """A challenge that was answered, by its SHA-256: an answer that somebody recorded works no second time."""

    __tablename__ = "spent_challenges"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    spent_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Token(Base):
    """An access token, for everything of its account's or for one repository; only the SHA-256 of its text is kept."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    repository_id: Mapped[str | None] = mapped_column(
        Id32, ForeignKey("repositories.id", ondelete="CASCADE"), index=True
    )
    scopes: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Budget(Base):
    """How often something happened since a moment; the key says what, and for whom."""

    __tablename__ = "budgets"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    spent: Mapped[int]
    window_started_at: Mapped[datetime] = mapped_column(index=True)


class LoginFailure(Base):
    """What the previous release counts in the place of budgets, for as long as it may be gone back to."""

    __tablename__ = "login_failures"

    key: Mapped[str] = mapped_column(String(300), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    window_started_at: Mapped[datetime] = mapped_column(default=now)

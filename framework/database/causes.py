"""What a failure of the database means in an operator's words: its cause, and what to do; never a password."""

import re
from collections.abc import Mapping

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from framework import config

LONGEST_OWN_WORDS = 200

CAUSES: Mapping[str, str] = {
    r"connection refused|no such file or directory": (
        "nothing listens at {place}: start PostgreSQL there, or correct DATABASE_URL"
    ),
    r"starting up|shutting down|terminating connection|closed (the connection )?unexpectedly|eof detected|is closed": (
        "{place} ended the connection, as it does when it restarts: try again in a moment"
    ),
    r"database is locked": "{place} is in use by something that writes for long: try again in a moment",
    r"timeout|timed out": "{place} does not answer: look at DATABASE_URL, and at firewalls in between",
    r"could not translate|name or service not known|nodename|resolve": "there is no host {host}: correct DATABASE_URL",
    r"password authentication failed": "{place} refuses the user or the password in DATABASE_URL: correct them",
    r"role \"[^\"]*\" does not exist": "{place} knows no user {user}: create it, or correct DATABASE_URL",
    r"database \"[^\"]*\" does not exist": "{place} has no database {database}: create it, or correct DATABASE_URL",
    r"too many clients|too many connections|remaining connection slots": (
        "{place} has no free connection: end what holds them, lower DATABASE_CONNECTIONS or the number of processes, "
        "or take a larger plan"
    ),
    r"no pg_hba.conf entry|ssl": "{place} does not let us in this way: look at sslmode in DATABASE_URL",
    r"undefinedtable|no such table": "tables are missing; run: flask database upgrade",
    r"undefinedcolumn|no such column|has no column": "the tables are of another release; run: flask database upgrade",
    r"unable to open database file": "the file of the database cannot be opened: look at HOLDFAST_DATA and its rights",
}
"""Sentences by patterns of what the database says; the first that is found counts."""


def explain_cause(failure: SQLAlchemyError) -> str | None:
    """Cause and cure, with the database's own words behind them; None for what nobody has foreseen."""
    told = _describe(failure)
    for pattern, sentence in CAUSES.items():
        if re.search(pattern, told, re.IGNORECASE):
            return f"{sentence.format(**_facts())} ({told[:LONGEST_OWN_WORDS]})"
    return None


def in_words(failure: SQLAlchemyError) -> str:
    """The same, and the database's own words alone for what nobody has foreseen."""
    return explain_cause(failure) or _describe(failure)


def place() -> str:
    """Where the database is expected."""
    return _facts()["place"]


def _describe(failure: SQLAlchemyError) -> str:
    """What the driver says, on one line, without the statement that SQLAlchemy repeats."""
    told = f"{type(failure.orig).__name__}: {failure.orig}" if isinstance(failure, DBAPIError) else str(failure)
    return " ".join(told.split())


def _facts() -> dict[str, str]:
    url = make_url(config.current().database_url)
    host = url.host or "this machine"
    at = f"{host}:{url.port or 5432}" if url.get_backend_name() == "postgresql" else str(url.database)
    return {"place": at, "host": host, "user": url.username or "", "database": url.database or ""}

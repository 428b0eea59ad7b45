"""Notices, made older."""

from datetime import timedelta

from sqlalchemy import select

from framework.database.session import transaction
from framework.projects.models import Notice


def age_notices(by: timedelta) -> None:
    """Have every notice have been written so much earlier."""
    with transaction() as session:
        for notice in session.scalars(select(Notice)):
            notice.created_at -= by

"""Packs without an index in the store"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime, now

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

ROLLBACK_DAYS = 30
"""A database that there is already was used by a release that looks for every index, and which may come back."""


def upgrade() -> None:
    steps.add_column('packs', sa.Column('idx_stored', sa.Boolean(), server_default=sa.true(), nullable=False))
    until: sa.Column[object] = sa.Column('indexes_needed_until', UTCDateTime(timezone=True), nullable=True)
    steps.add_column('deployment', until)
    rows = sa.table('deployment', sa.column('indexes_needed_until', UTCDateTime()))
    op.execute(rows.update().values(indexes_needed_until=now() + timedelta(days=ROLLBACK_DAYS)))


def downgrade() -> None:
    with op.batch_alter_table('deployment') as table:
        table.drop_column('indexes_needed_until')
    with op.batch_alter_table('packs') as table:
        table.drop_column('idx_stored')

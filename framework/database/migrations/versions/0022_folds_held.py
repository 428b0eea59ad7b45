"""Folds stand back while a project is purged"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    held: sa.Column[object] = sa.Column('folds_held_until', UTCDateTime(timezone=True), nullable=True)
    steps.add_column('repositories', held)


def downgrade() -> None:
    with op.batch_alter_table('repositories') as table:
        table.drop_column('folds_held_until')

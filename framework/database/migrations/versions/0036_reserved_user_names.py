"""The names of deleted accounts, which nobody can take for a year"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'reserved_user_names',
        sa.Column('name_key', sa.String(length=39), nullable=False),
        sa.Column('free_at', UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('name_key', name='pk_reserved_user_names'),
    )
    steps.create_index('reserved_user_names', 'free_at')


def downgrade() -> None:
    op.drop_table('reserved_user_names')

"""What all repositories hold together, as it was last added up"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0054'
down_revision = '0053'
branch_labels = None
depends_on = None

TABLE = 'storage_totals'


def upgrade() -> None:
    steps.create_table(
        TABLE,
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('usage', sa.JSON(), nullable=False),
        sa.Column('counted_at', UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=f'pk_{TABLE}'),
    )


def downgrade() -> None:
    op.drop_table(TABLE)

"""One table of budgets: how often something happened lately, for an account, a network or both"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'budgets',
        sa.Column('key', sa.String(length=200), nullable=False),
        sa.Column('spent', sa.Integer(), nullable=False),
        sa.Column('window_started_at', UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('key', name='pk_budgets'),
    )
    steps.create_index('budgets', 'window_started_at')


def downgrade() -> None:
    op.drop_table('budgets')

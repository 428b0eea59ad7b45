"""When somebody was told that their unconfirmed account will be removed"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0045'
down_revision = '0044'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('users', sa.Column('removal_told_at', UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('users', 'removal_told_at')

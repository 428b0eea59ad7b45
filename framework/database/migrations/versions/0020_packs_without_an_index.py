"""Packs without an index in the store"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('packs', sa.Column('idx_stored', sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('packs') as table:
        table.drop_column('idx_stored')

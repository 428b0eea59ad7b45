"""Who offered a project that belongs to a group"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0047'
down_revision = '0046'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('transfers', sa.Column('offered_by_id', sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('transfers') as table:
        table.drop_column('offered_by_id')

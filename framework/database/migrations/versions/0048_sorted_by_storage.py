"""What people and projects store, for lists that are sorted by it"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0048'
down_revision = '0047'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('users', sa.Column('counted_bytes', sa.BigInteger(), server_default='0', nullable=False))
    steps.create_index('users', 'counted_bytes', 'id')
    steps.create_index('repositories', 'stored_bytes', 'id')


def downgrade() -> None:
    steps.drop_index('repositories', 'stored_bytes', 'id')
    steps.drop_index('users', 'counted_bytes', 'id')
    with op.batch_alter_table('users') as table:
        table.drop_column('counted_bytes')

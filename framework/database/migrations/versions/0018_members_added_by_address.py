"""The addresses by which members were added"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('members', sa.Column('added_as', sa.String(length=254), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('members') as table:
        table.drop_column('added_as')

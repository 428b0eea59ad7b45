"""Who is listed for an assignment"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0041'
down_revision = '0040'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('participations', sa.Column('listed', sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('participations') as table:
        table.drop_column('listed')

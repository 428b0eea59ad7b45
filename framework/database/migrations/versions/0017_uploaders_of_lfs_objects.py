"""Who sent a Git LFS object that no version names yet"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('staged_lfs', sa.Column('uploader_id', sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('staged_lfs') as table:
        table.drop_column('uploader_id')

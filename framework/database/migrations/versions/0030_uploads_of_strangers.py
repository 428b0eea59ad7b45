"""Resumable uploads of people without an account"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('resumable_uploads', sa.Column('holder', sa.String(length=64), nullable=True))
    steps.create_index('resumable_uploads', 'holder')


def downgrade() -> None:
    op.drop_index('ix_resumable_uploads_holder', 'resumable_uploads')
    with op.batch_alter_table('resumable_uploads') as table:
        table.drop_column('holder')

"""The moment at which a private project turns public"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('projects', sa.Column('public_at', UTCDateTime(timezone=True), nullable=True))
    steps.add_column('projects', sa.Column('public_told_days', sa.Integer(), nullable=True))
    steps.create_index('projects', 'public_at', name='ix_projects_embargoed', where='public_at IS NOT NULL')


def downgrade() -> None:
    op.drop_index('ix_projects_embargoed', table_name='projects')
    with op.batch_alter_table('projects') as table:
        table.drop_column('public_told_days')
        table.drop_column('public_at')

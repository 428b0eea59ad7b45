"""Projects that wait for somebody to take them over"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'transfers',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=False),
        sa.Column('from_user_id', sa.Integer(), nullable=False),
        sa.Column('to_user_id', sa.Integer(), nullable=False),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('expires_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['project_id'], ['projects.id'], name='fk_transfers_project_id_projects', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['from_user_id'], ['users.id'], name='fk_transfers_from_user_id_users', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(['to_user_id'], ['users.id'], name='fk_transfers_to_user_id_users', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_transfers'),
        sa.UniqueConstraint('project_id', name='uq_transfers_project_id'),
    )
    steps.create_index('transfers', 'from_user_id')
    steps.create_index('transfers', 'to_user_id')


def downgrade() -> None:
    op.drop_table('transfers')

"""What programs say about commits"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0040'
down_revision = '0039'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'commit_statuses',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=False),
        sa.Column('sha', sa.String(length=40), nullable=False),
        sa.Column('context', sa.String(length=100), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('description', sa.String(length=200), nullable=False),
        sa.Column('target_url', sa.String(length=500), nullable=False),
        sa.Column('creator_id', sa.Integer(), nullable=True),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('updated_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['project_id'], ['projects.id'], name='fk_commit_statuses_project_id', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['creator_id'], ['users.id'], name='fk_commit_statuses_creator_id', ondelete='SET NULL'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_commit_statuses'),
        sa.UniqueConstraint('project_id', 'sha', 'context', name='uq_commit_statuses_project_id_sha_context'),
    )
    steps.add_column('projects', sa.Column('status_revision', sa.Integer(), server_default='0', nullable=False))
    steps.create_index('commit_statuses', 'creator_id')


def downgrade() -> None:
    op.drop_column('projects', 'status_revision')
    op.drop_table('commit_statuses')

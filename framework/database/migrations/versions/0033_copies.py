"""Templates, and which projects began as another one"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
import framework.database.types

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'templates',
        sa.Column('project_id', sa.Integer(), nullable=False),
        sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name='fk_templates_project_id_projects', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('project_id', name='pk_templates'),
    )
    steps.create_table(
        'copies',
        sa.Column('project_id', sa.Integer(), nullable=False),
        sa.Column('origin_id', sa.Integer(), nullable=True),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
        sa.Column('filled_at', framework.database.types.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name='fk_copies_project_id_projects', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['origin_id'], ['projects.id'], name='fk_copies_origin_id_projects', ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('project_id', name='pk_copies'),
    )
    steps.create_index('copies', 'origin_id')


def downgrade() -> None:
    op.drop_table('copies')
    op.drop_table('templates')

"""Names that people and projects had before"""

import sqlalchemy as sa
from alembic import op

import framework.database.types
from framework.database import steps

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'former_user_names',
        sa.Column('name_key', sa.String(length=39), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['user_id'], ['users.id'], name='fk_former_user_names_user_id_users', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('name_key', name='pk_former_user_names'),
    )
    steps.create_table(
        'former_project_names',
        sa.Column('owner_id', sa.Integer(), nullable=False),
        sa.Column('name_key', sa.String(length=100), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=False),
        sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['owner_id'], ['users.id'], name='fk_former_project_names_owner_id_users', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['project_id'], ['projects.id'], name='fk_former_project_names_project_id_projects', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('owner_id', 'name_key', name='pk_former_project_names'),
    )
    steps.create_index('former_user_names', 'user_id')
    steps.create_index('former_project_names', 'project_id')


def downgrade() -> None:
    for table in ('former_project_names', 'former_user_names'):
        op.drop_table(table)

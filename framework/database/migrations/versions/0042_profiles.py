"""Profiles and pictures of people and groups, and an index for what somebody did in a project"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('users', sa.Column('picture', sa.String(length=32), nullable=True))
    steps.create_table(
        'profiles',
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('about', sa.String(), nullable=False),
        sa.Column('links', sa.JSON(), nullable=False),
        sa.Column('people_public', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_profiles_user_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', name='pk_profiles'),
    )
    steps.create_table(
        'pictures',
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('digest', sa.String(length=32), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_pictures_user_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('user_id', name='pk_pictures'),
    )
    steps.create_index('pictures', 'digest')
    steps.create_index('events', 'actor_id', 'project_id', 'created_at')
    steps.drop_index('events', 'actor_id', 'project_id')


def downgrade() -> None:
    steps.create_index('events', 'actor_id', 'project_id')
    steps.drop_index('events', 'actor_id', 'project_id', 'created_at')
    op.drop_table('pictures')
    op.drop_table('profiles')
    op.drop_column('users', 'picture')

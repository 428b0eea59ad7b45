"""Groups: rows of users that own projects, and the people in them"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('users', sa.Column('kind', sa.String(length=10), server_default='person', nullable=False))
    steps.add_column('users', sa.Column('member_role', sa.String(length=10), nullable=True))
    steps.add_column('users', sa.Column('people_changed_at', UTCDateTime(timezone=True), nullable=True))
    steps.create_table(
        'group_members',
        sa.Column('group_id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('role', sa.String(length=12), nullable=False),
        sa.Column('added_as', sa.String(length=254), nullable=True),
        sa.Column('added_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['group_id'], ['users.id'], name='fk_group_members_group_id_users', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_group_members_user_id_users', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('group_id', 'user_id', name='pk_group_members'),
    )
    steps.create_table(
        'group_invitations',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('group_id', sa.Integer(), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('email_key', sa.String(length=254), nullable=False),
        sa.Column('role', sa.String(length=12), nullable=False),
        sa.Column('invited_by_id', sa.Integer(), nullable=True),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('expires_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['group_id'], ['users.id'], name='fk_group_invitations_group_id_users', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['invited_by_id'], ['users.id'], name='fk_group_invitations_invited_by_id_users', ondelete='SET NULL'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_group_invitations'),
        sa.UniqueConstraint('group_id', 'email_key', name='uq_group_invitations_group_id_email_key'),
    )
    steps.create_index('group_members', 'user_id', 'group_id')
    for column in ('email_key', 'expires_at', 'invited_by_id'):
        steps.create_index('group_invitations', column)
    steps.create_index('users', 'name_key', name='ix_users_groups', where="kind = 'group'")


def downgrade() -> None:
    op.drop_table('group_invitations')
    op.drop_table('group_members')
    op.execute('DROP INDEX IF EXISTS ix_users_groups')
    for column in ('people_changed_at', 'member_role', 'kind'):
        op.drop_column('users', column)

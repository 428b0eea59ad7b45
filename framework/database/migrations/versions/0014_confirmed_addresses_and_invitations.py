"""Addresses that wait for their confirmation, invitations, and when a password was asked for again"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'address_changes',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('changed_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_address_changes_user_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_address_changes'),
    )
    steps.create_table(
        'invitations',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('email_key', sa.String(length=254), nullable=False),
        sa.Column('role', sa.String(length=10), nullable=False),
        sa.Column('invited_by_id', sa.Integer(), nullable=True),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('expires_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name='fk_invitations_project_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(
            ['invited_by_id'], ['users.id'], name='fk_invitations_invited_by_id', ondelete='SET NULL'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_invitations'),
        sa.UniqueConstraint('project_id', 'email_key', name='uq_invitations_project_id_email_key'),
    )
    steps.add_column('users', sa.Column('pending_email', sa.String(length=254), nullable=True))
    steps.add_column('users', sa.Column('pending_email_key', sa.String(length=254), nullable=True))
    steps.add_column('browser_sessions', sa.Column('reauthenticated_at', UTCDateTime(timezone=True), nullable=True))
    steps.create_index('address_changes', 'user_id')
    steps.create_index('invitations', 'email_key')
    steps.create_index('invitations', 'invited_by_id')
    steps.create_index('users', 'pending_email_key')


def downgrade() -> None:
    steps.drop_index('users', 'pending_email_key')
    with op.batch_alter_table('browser_sessions') as table:
        table.drop_column('reauthenticated_at')
    with op.batch_alter_table('users') as table:
        table.drop_column('pending_email_key')
        table.drop_column('pending_email')
    op.drop_table('invitations')
    op.drop_table('address_changes')

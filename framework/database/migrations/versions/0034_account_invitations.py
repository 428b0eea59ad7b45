"""Invitations to sign up by an administrator"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'account_invitations',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('email_key', sa.String(length=254), nullable=False),
        sa.Column('invited_by_id', sa.Integer(), nullable=True),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('expires_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['invited_by_id'], ['users.id'], name='fk_account_invitations_invited_by_id', ondelete='SET NULL'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_account_invitations'),
        sa.UniqueConstraint('email_key', name='uq_account_invitations_email_key'),
    )
    steps.create_index('account_invitations', 'invited_by_id')
    steps.create_index('account_invitations', 'expires_at')


def downgrade() -> None:
    op.drop_table('account_invitations')

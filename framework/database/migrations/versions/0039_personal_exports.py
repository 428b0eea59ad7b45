"""Exports of what is kept of one person"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'personal_exports',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('owner_id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=100), nullable=False),
        sa.Column('size_bytes', sa.BigInteger(), nullable=False),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('expires_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name='fk_personal_exports_owner_id', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_personal_exports'),
    )
    steps.create_index('personal_exports', 'owner_id')
    steps.create_index('personal_exports', 'expires_at')


def downgrade() -> None:
    op.drop_table('personal_exports')

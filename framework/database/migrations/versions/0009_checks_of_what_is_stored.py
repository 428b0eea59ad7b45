"""Checks of what is stored, and how the caches fare"""

import sqlalchemy as sa
from alembic import op

import framework.database.types

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('packs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('checked_at', framework.database.types.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('fault', sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f('ix_packs_checked_at'), ['checked_at'], unique=False)
    with op.batch_alter_table('repositories', schema=None) as batch_op:
        batch_op.add_column(sa.Column('archived_at', framework.database.types.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('restored_at', framework.database.types.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('fault', sa.Text(), nullable=True))
    op.create_table('cache_days',
    sa.Column('day', sa.String(length=10), nullable=False),
    sa.Column('hits', sa.BigInteger(), nullable=False),
    sa.Column('misses', sa.BigInteger(), nullable=False),
    sa.Column('regained', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_cache_days'))
    )


def downgrade() -> None:
    op.drop_table('cache_days')
    with op.batch_alter_table('repositories', schema=None) as batch_op:
        batch_op.drop_column('fault')
        batch_op.drop_column('restored_at')
        batch_op.drop_column('archived_at')
    with op.batch_alter_table('packs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_packs_checked_at'))
        batch_op.drop_column('fault')
        batch_op.drop_column('checked_at')

"""Git LFS objects, and those on their way"""

import sqlalchemy as sa
from alembic import op

import framework.database.types

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('lfs_objects',
    sa.Column('repository_id', sa.String(length=32), nullable=False),
    sa.Column('oid', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=32), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['repository_id'], ['repositories.id'], name=op.f('fk_lfs_objects_repository_id')),
    sa.PrimaryKeyConstraint('repository_id', 'oid', name=op.f('pk_lfs_objects')),
    sa.UniqueConstraint('name', name=op.f('uq_lfs_objects_name'))
    )
    op.create_table('staged_lfs',
    sa.Column('name', sa.String(length=32), nullable=False),
    sa.Column('repository_id', sa.String(length=32), nullable=False),
    sa.Column('oid', sa.String(length=64), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['repository_id'], ['repositories.id'], name=op.f('fk_staged_lfs_repository_id')),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_staged_lfs'))
    )
    with op.batch_alter_table('staged_lfs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staged_lfs_repository_id_oid'), ['repository_id', 'oid'], unique=False)
        batch_op.create_index(batch_op.f('ix_staged_lfs_state_expires_at'), ['state', 'expires_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('staged_lfs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_staged_lfs_state_expires_at'))
        batch_op.drop_index(batch_op.f('ix_staged_lfs_repository_id_oid'))

    op.drop_table('staged_lfs')
    op.drop_table('lfs_objects')

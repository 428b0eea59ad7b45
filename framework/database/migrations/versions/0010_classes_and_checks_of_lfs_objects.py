"""Storage classes of packs and Git LFS objects, and checks of the latter"""

import sqlalchemy as sa
from alembic import op

import framework.database.types

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('packs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('storage_class', sa.String(length=30), nullable=True))
    with op.batch_alter_table('lfs_objects', schema=None) as batch_op:
        batch_op.add_column(sa.Column('storage_class', sa.String(length=30), nullable=True))
        batch_op.add_column(sa.Column('checked_at', framework.database.types.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('fault', sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f('ix_lfs_objects_checked_at'), ['checked_at'], unique=False)
    # They were hashed before the version that was the first to name them.
    op.execute(
        'UPDATE lfs_objects SET checked_at = (SELECT versions.created_at FROM versions'
        ' WHERE versions.repository_id = lfs_objects.repository_id'
        ' AND versions.epoch = lfs_objects.epoch AND versions.version = lfs_objects.version)'
    )


def downgrade() -> None:
    with op.batch_alter_table('lfs_objects', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lfs_objects_checked_at'))
        batch_op.drop_column('fault')
        batch_op.drop_column('checked_at')
        batch_op.drop_column('storage_class')
    with op.batch_alter_table('packs', schema=None) as batch_op:
        batch_op.drop_column('storage_class')

"""The checkpoints of journals"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('repositories', sa.Column('checkpoint_hash', sa.String(length=64), nullable=True))
    steps.add_column(
        'repositories', sa.Column('checkpoint_bytes', sa.BigInteger(), server_default='0', nullable=False)
    )
    steps.add_column('repositories', sa.Column('uncheckpointed_bytes', sa.BigInteger(), nullable=True))
    steps.add_column('versions', sa.Column('dropped_at', sa.DateTime(timezone=True), nullable=True))
    steps.create_index('repositories', 'id', name='ix_repositories_entries', where='uncheckpointed_bytes >= 65536')


def downgrade() -> None:
    steps.drop_index('repositories', name='ix_repositories_entries')
    with op.batch_alter_table('versions') as table:
        table.drop_column('dropped_at')
    with op.batch_alter_table('repositories') as table:
        table.drop_column('uncheckpointed_bytes')
        table.drop_column('checkpoint_bytes')
        table.drop_column('checkpoint_hash')

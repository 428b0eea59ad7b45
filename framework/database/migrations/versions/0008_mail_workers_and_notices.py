"""Mail, workers and notices"""

import sqlalchemy as sa
from alembic import op

import framework.database.types

revision = '0008'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('workers',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('node', sa.String(length=200), nullable=False),
    sa.Column('process_id', sa.Integer(), nullable=False),
    sa.Column('release', sa.String(length=16), nullable=False),
    sa.Column('queues', sa.JSON(), nullable=False),
    sa.Column('started_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workers'))
    )
    op.add_column('outbox', sa.Column('request_id', sa.String(length=64), nullable=True))
    op.add_column('outbox', sa.Column('place', sa.String(length=220), nullable=True))




def downgrade() -> None:
    # not in a batch: making the table anew would delete what refers to it

    op.drop_column('outbox', 'place')
    op.drop_column('outbox', 'request_id')



    op.drop_table('workers')

"""Keys under which programs repeat creating requests; tickets of writers who wait for each other"""

import sqlalchemy as sa
from alembic import op

import framework.database.types

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('idempotency_keys',
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('request_sha256', sa.String(length=64), nullable=False),
    sa.Column('holder', sa.String(length=32), nullable=False),
    sa.Column('running_until', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('location', sa.Text(), nullable=True),
    sa.Column('body', sa.Text(), nullable=True),
    sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['users.id'], name=op.f('fk_idempotency_keys_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('account_id', 'key', name=op.f('pk_idempotency_keys'))
    )
    op.create_index(op.f('ix_idempotency_keys_created_at'), 'idempotency_keys', ['created_at'], unique=False)
    op.create_table('writer_tickets',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('repository_id', sa.String(length=32), nullable=False),
    sa.Column('holder', sa.String(length=32), nullable=False),
    sa.Column('expires_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['repository_id'], ['repositories.id'], name=op.f('fk_writer_tickets_repository_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_writer_tickets')),
    sa.UniqueConstraint('holder', name=op.f('uq_writer_tickets_holder'))
    )
    op.create_index(op.f('ix_writer_tickets_repository_id'), 'writer_tickets', ['repository_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_writer_tickets_repository_id'), table_name='writer_tickets')
    op.drop_table('writer_tickets')
    op.drop_index(op.f('ix_idempotency_keys_created_at'), table_name='idempotency_keys')
    op.drop_table('idempotency_keys')

"""Mail, workers and notices"""

import sqlalchemy as sa
from alembic import op

import framework.database.types

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('stopped_addresses',
    sa.Column('address_key', sa.String(length=254), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('stopped_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('address_key', name=op.f('pk_stopped_addresses'))
    )
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
    op.create_table('mail_choices',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('frequency', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_mail_choices_project_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_mail_choices_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'project_id', name=op.f('pk_mail_choices'))
    )
    with op.batch_alter_table('mail_choices', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mail_choices_project_id'), ['project_id'], unique=False)

    op.create_table('notices',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('mentioned', sa.Boolean(), nullable=False),
    sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('read_at', framework.database.types.UTCDateTime(timezone=True), nullable=True),
    sa.Column('settled_at', framework.database.types.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_notices_event_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_notices_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices'))
    )
    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notices_event_id'), ['event_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notices_settled_at_user_id'), ['settled_at', 'user_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notices_user_id_read_at'), ['user_id', 'read_at'], unique=False)

    op.create_table('exports',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=100), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_exports_owner_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_exports_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exports'))
    )
    for column in ('expires_at', 'owner_id', 'project_id'):
        op.create_index(op.f(f'ix_exports_{column}'), 'exports', [column], unique=False)
    op.add_column('outbox', sa.Column('request_id', sa.String(length=64), nullable=True))
    op.add_column('outbox', sa.Column('place', sa.String(length=220), nullable=True))

    op.add_column('users', sa.Column('mail_frequency', sa.String(length=10), server_default='daily', nullable=False))



def downgrade() -> None:
    # not in a batch: making the table anew would delete what refers to it
    op.drop_column('users', 'mail_frequency')

    op.drop_column('outbox', 'place')
    op.drop_column('outbox', 'request_id')

    with op.batch_alter_table('notices', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notices_user_id_read_at'))
        batch_op.drop_index(batch_op.f('ix_notices_settled_at_user_id'))
        batch_op.drop_index(batch_op.f('ix_notices_event_id'))

    op.drop_table('notices')
    with op.batch_alter_table('mail_choices', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mail_choices_project_id'))

    op.drop_table('mail_choices')
    op.drop_table('exports')
    op.drop_table('workers')
    op.drop_table('stopped_addresses')

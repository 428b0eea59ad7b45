"""Webhooks, and what is sent to them"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0044'
down_revision = '0043'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'webhooks',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('owner_id', sa.Integer(), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=True),
        sa.Column('url', sa.String(length=500), nullable=False),
        sa.Column('sealed', sa.Text(), nullable=False),
        sa.Column('key_name', sa.String(length=16), nullable=False),
        sa.Column('events', sa.String(length=100), nullable=False),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('made_by_id', sa.Integer(), nullable=True),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('failing_since', UTCDateTime(timezone=True), nullable=True),
        sa.Column('paused_until', UTCDateTime(timezone=True), nullable=True),
        sa.Column('switched_off_at', UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name='fk_webhooks_owner_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name='fk_webhooks_project_id', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['made_by_id'], ['users.id'], name='fk_webhooks_made_by_id', ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name='pk_webhooks'),
    )
    steps.create_table(
        'webhook_deliveries',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('webhook_id', sa.Integer(), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=True),
        sa.Column('event', sa.String(length=20), nullable=False),
        sa.Column('facts', sa.JSON(), nullable=False),
        sa.Column('body', sa.Text(), nullable=True),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('queued_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('tried_at', UTCDateTime(timezone=True), nullable=True),
        sa.Column('status', sa.Integer(), nullable=True),
        sa.Column('milliseconds', sa.Integer(), nullable=True),
        sa.Column('answer', sa.Text(), nullable=False),
        sa.Column('problem', sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ['webhook_id'], ['webhooks.id'], name='fk_webhook_deliveries_webhook_id', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['project_id'], ['projects.id'], name='fk_webhook_deliveries_project_id', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name='pk_webhook_deliveries'),
    )
    steps.create_index('webhooks', 'owner_id', 'project_id')
    steps.create_index('webhooks', 'project_id')
    steps.create_index('webhooks', 'made_by_id')
    steps.create_index('webhook_deliveries', 'webhook_id', 'created_at')
    steps.create_index('webhook_deliveries', 'project_id')


def downgrade() -> None:
    op.drop_table('webhook_deliveries')
    op.drop_table('webhooks')

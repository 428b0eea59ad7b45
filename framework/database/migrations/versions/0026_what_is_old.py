"""Indexes by which nightly jobs find what is old enough to be deleted"""

from alembic import op

from framework.database import steps

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_index('notices', 'created_at')
    steps.create_index('outbox', 'finished_at')
    steps.create_index('invitations', 'expires_at')


def downgrade() -> None:
    op.execute('DROP INDEX IF EXISTS ix_invitations_expires_at')
    op.execute('DROP INDEX IF EXISTS ix_outbox_finished_at')
    op.execute('DROP INDEX IF EXISTS ix_notices_created_at')

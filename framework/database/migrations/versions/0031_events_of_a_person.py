"""An index by which a person's events are found"""

from alembic import op

from framework.database import steps

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_index('events', 'actor_id', 'project_id')


def downgrade() -> None:
    op.execute('DROP INDEX IF EXISTS ix_events_actor_id_project_id')

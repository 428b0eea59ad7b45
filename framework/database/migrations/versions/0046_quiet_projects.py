"""Projects that are no news to their group's people, as copies for participants are"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0046'
down_revision = '0045'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('projects', sa.Column('quiet', sa.Boolean(), server_default=sa.false(), nullable=False))
    begun = 'id IN (SELECT project_id FROM participations WHERE project_id IS NOT NULL)'
    steps.backfill('projects', 'quiet = true', key='id', where=f'NOT quiet AND {begun}')


def downgrade() -> None:
    with op.batch_alter_table('projects') as table:
        table.drop_column('quiet')

"""Topics of projects"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('projects', sa.Column('topics', sa.String(length=800), nullable=False, server_default=''))


def downgrade() -> None:
    op.drop_column('projects', 'topics')

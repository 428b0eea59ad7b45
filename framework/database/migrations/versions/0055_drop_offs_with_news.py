"""Which drop-off links have received what no mail has told of

The default holds for rows of the previous release, which does not say: the next mails look at each of them once.
"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0055'
down_revision = '0054'
branch_labels = None
depends_on = None

INDEX = 'ix_drop_offs_news'


def upgrade() -> None:
    steps.add_column('drop_offs', sa.Column('has_news', sa.Boolean(), server_default=sa.true(), nullable=False))
    steps.create_index('drop_offs', 'link_id', name=INDEX, where='has_news')


def downgrade() -> None:
    steps.drop_index('drop_offs', 'link_id', name=INDEX)
    with op.batch_alter_table('drop_offs') as table:
        table.drop_column('has_news')

"""Groups that ask their owners for a second factor"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0043'
down_revision = '0042'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column(
        'users', sa.Column('owners_need_factor', sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column('users', 'owners_need_factor')

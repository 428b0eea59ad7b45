"""Plans"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'plans',
        sa.Column('name', sa.String(length=20), nullable=False),
        sa.Column('stored_bytes', sa.BigInteger(), nullable=True),
        sa.Column('private_projects', sa.Integer(), nullable=True),
        sa.Column('file_bytes', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('name', name='pk_plans'),
    )
    steps.add_column('users', sa.Column('plan', sa.String(length=20), nullable=True))
    warned: sa.Column[int] = sa.Column('quota_warned_percent', sa.SmallInteger(), nullable=False, server_default='0')
    steps.add_column('users', warned)


def downgrade() -> None:
    op.drop_column('users', 'quota_warned_percent')
    op.drop_column('users', 'plan')
    op.drop_table('plans')

"""Addresses on the lists of assignments"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0052'
down_revision = '0051'
branch_labels = None
depends_on = None

TABLE = 'awaited_participants'


def upgrade() -> None:
    steps.create_table(
        TABLE,
        sa.Column('assignment_id', sa.Integer(), nullable=False),
        sa.Column('email_key', sa.String(length=254), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(
            ['assignment_id'], ['assignments.id'], name=f'fk_{TABLE}_assignment_id_assignments', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('assignment_id', 'email_key', name=f'pk_{TABLE}'),
    )
    steps.create_index(TABLE, 'email_key')


def downgrade() -> None:
    op.drop_table(TABLE)

"""Which group an entry of the audit log tells of"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0049'
down_revision = '0048'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.add_column('audit_entries', sa.Column('group_id', sa.Integer(), nullable=True))
    steps.create_index('audit_entries', 'group_id', 'id', name='ix_audit_entries_group', where='group_id IS NOT NULL')


def downgrade() -> None:
    steps.drop_index('audit_entries', name='ix_audit_entries_group')
    op.drop_column('audit_entries', 'group_id')  # a table that SQLite rebuilds would lose its triggers

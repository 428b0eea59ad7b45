"""What pages and nightly jobs look for among rows that become many, found by indexes"""

from framework.database import steps

revision = '0053'
down_revision = '0052'
branch_labels = None
depends_on = None

TIMES = (
    ('long_works', 'created_at'),
    ('address_changes', 'changed_at'),
    ('browser_sessions', 'created_at'),
    ('transfers', 'expires_at'),
)


def upgrade() -> None:
    steps.create_index('users', 'id', name='ix_users_administrators', where='admin')
    steps.create_index('users', 'plan', name='ix_users_plan', where='plan IS NOT NULL')
    for table, column in TIMES:
        steps.create_index(table, column)


def downgrade() -> None:
    for table, column in TIMES:
        steps.drop_index(table, column)
    steps.drop_index('users', 'plan', name='ix_users_plan')
    steps.drop_index('users', 'id', name='ix_users_administrators')

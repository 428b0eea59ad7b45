"""The audit log, which nobody can change"""

import sqlalchemy as sa
from alembic import op

import framework.database.types
from framework.database import steps

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None

TABLE = 'audit_entries'
PARTIAL = {'actor': 'actor_id', 'person': 'person_id', 'project': 'project_id'}
POSTGRESQL = (
    """
    CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.created_at < now() - interval '30 days' THEN RETURN OLD; END IF;
        END IF;
        RAISE EXCEPTION 'entries of the audit log stay as they are';
    END $$
    """,
    f'DROP TRIGGER IF EXISTS audit_entries_kept ON {TABLE}',
    f'DROP TRIGGER IF EXISTS audit_entries_all_kept ON {TABLE}',
    f'CREATE TRIGGER audit_entries_kept BEFORE UPDATE OR DELETE ON {TABLE}'
    ' FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()',
    f'CREATE TRIGGER audit_entries_all_kept BEFORE TRUNCATE ON {TABLE}'
    ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()',
)
SQLITE = (
    f'CREATE TRIGGER IF NOT EXISTS audit_entries_unchanged BEFORE UPDATE ON {TABLE}'
    " BEGIN SELECT RAISE(ABORT, 'entries of the audit log stay as they are'); END",
    f"CREATE TRIGGER IF NOT EXISTS audit_entries_kept BEFORE DELETE ON {TABLE}"
    " WHEN julianday(OLD.created_at) >= julianday('now') - 30"
    " BEGIN SELECT RAISE(ABORT, 'entries of the audit log stay as they are'); END",
)


def upgrade() -> None:
    steps.create_table(
        TABLE,
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('created_at', framework.database.types.UTCDateTime(timezone=True), nullable=False),
        sa.Column('kind', sa.String(length=30), nullable=False),
        sa.Column('actor_id', sa.Integer(), nullable=True),
        sa.Column('actor', sa.String(length=40), nullable=True),
        sa.Column('person_id', sa.Integer(), nullable=True),
        sa.Column('person', sa.String(length=40), nullable=True),
        sa.Column('project_id', sa.Integer(), nullable=True),
        sa.Column('project', sa.String(length=150), nullable=True),
        sa.Column('address', sa.String(length=45), nullable=True),
        sa.Column('details', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_audit_entries'),
    )
    for statement in POSTGRESQL if op.get_bind().dialect.name == 'postgresql' else SQLITE:
        op.execute(statement)
    steps.create_index(TABLE, 'created_at')
    steps.create_index(TABLE, 'kind', 'id')
    for name, column in PARTIAL.items():
        steps.create_index(TABLE, column, 'id', name=f'ix_audit_entries_{name}', where=f'{column} IS NOT NULL')


def downgrade() -> None:
    op.drop_table(TABLE)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION IF EXISTS refuse_audit_change()')

"""Which drop-off links have received what no mail has told of

Triggers say so, since the previous release hands in meanwhile and does not. The next mails look at each older link once.
"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0055'
down_revision = '0054'
branch_labels = None
depends_on = None

INDEX = 'ix_drop_offs_news'
TRIGGER = 'hand_ins_are_news'
POSTGRESQL = (
    """
    CREATE OR REPLACE FUNCTION note_hand_in() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE drop_offs SET has_news = true WHERE link_id = NEW.link_id;
        RETURN NULL;
    END $$
    """,
    f'DROP TRIGGER IF EXISTS {TRIGGER} ON hand_ins',
    f'CREATE TRIGGER {TRIGGER} AFTER INSERT OR UPDATE OF handed_in_at ON hand_ins'
    ' FOR EACH ROW EXECUTE FUNCTION note_hand_in()',
)
SQLITE = tuple(
    f'CREATE TRIGGER IF NOT EXISTS {TRIGGER}_{what.split()[0].lower()} AFTER {what} ON hand_ins'
    ' BEGIN UPDATE drop_offs SET has_news = true WHERE link_id = NEW.link_id; END'
    for what in ('INSERT', 'UPDATE OF handed_in_at')
)


def upgrade() -> None:
    steps.add_column('drop_offs', sa.Column('has_news', sa.Boolean(), server_default=sa.true(), nullable=False))
    steps.create_index('drop_offs', 'link_id', name=INDEX, where='has_news')
    for statement in POSTGRESQL if op.get_bind().dialect.name == 'postgresql' else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f'DROP TRIGGER IF EXISTS {TRIGGER} ON hand_ins')
        op.execute('DROP FUNCTION IF EXISTS note_hand_in()')
    else:
        for kind in ('insert', 'update'):
            op.execute(f'DROP TRIGGER IF EXISTS {TRIGGER}_{kind}')
    steps.drop_index('drop_offs', name=INDEX)
    with op.batch_alter_table('drop_offs') as table:
        table.drop_column('has_news')

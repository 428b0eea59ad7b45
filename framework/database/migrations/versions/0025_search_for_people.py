"""An index for the search for people"""

from alembic import op

from framework.database import steps

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

WORDS = "users.name_key || ' ' || lower(users.email) || ' ' || lower(users.full_name)"


def upgrade() -> None:
    steps.create_word_index('ix_users_words', 'users', WORDS)


def downgrade() -> None:
    op.execute('DROP INDEX IF EXISTS ix_users_words')

"""The packs of a repository's newest version, without reading those that were superseded"""

from framework.database import steps

revision = '0050'
down_revision = '0049'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_index('packs', 'repository_id', name='ix_packs_in_use', where='superseded_version IS NULL')


def downgrade() -> None:
    steps.drop_index('packs', name='ix_packs_in_use')

"""What was counted of a repository's files, as of one version"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'file_surveys',
        sa.Column('repository_id', sa.String(length=32), nullable=False),
        sa.Column('epoch', sa.Integer(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('parts', sa.JSON(), nullable=False),
        sa.Column('files', sa.JSON(), nullable=False),
        sa.Column('counted_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['repository_id'], ['repositories.id'], name='fk_file_surveys_repository_id_repositories', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('repository_id', name='pk_file_surveys'),
    )


def downgrade() -> None:
    op.drop_table('file_surveys')

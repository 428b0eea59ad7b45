"""Links for people without an account, and what they hand in"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'links',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('anonymous', sa.Boolean(), nullable=False),
        sa.Column('made_by_id', sa.Integer(), nullable=True),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('expires_at', UTCDateTime(timezone=True), nullable=True),
        sa.Column('revoked_at', UTCDateTime(timezone=True), nullable=True),
        sa.Column('last_used_at', UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name='fk_links_project_id_projects', ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['made_by_id'], ['users.id'], name='fk_links_made_by_id_users', ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id', name='pk_links'),
        sa.UniqueConstraint('digest', name='uq_links_digest'),
    )
    steps.create_table(
        'drop_offs',
        sa.Column('link_id', sa.Integer(), nullable=False),
        sa.Column('folder', sa.String(length=1000), nullable=False),
        sa.Column('text', sa.String(length=4000), nullable=False),
        sa.Column('deadline', UTCDateTime(timezone=True), nullable=True),
        sa.Column('time_zone', sa.String(length=64), nullable=False),
        sa.Column('types', sa.String(length=500), nullable=False),
        sa.Column('max_file_bytes', sa.BigInteger(), nullable=True),
        sa.Column('max_total_bytes', sa.BigInteger(), nullable=False),
        sa.Column('received_bytes', sa.BigInteger(), nullable=False),
        sa.Column('closed_at', UTCDateTime(timezone=True), nullable=True),
        sa.Column('told_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['link_id'], ['links.id'], name='fk_drop_offs_link_id_links', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('link_id', name='pk_drop_offs'),
    )
    steps.create_table(
        'hand_ins',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('link_id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=32), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('folder', sa.String(length=255), nullable=True),
        sa.Column('folder_key', sa.String(length=255), nullable=True),
        sa.Column('files', sa.JSON(), nullable=False),
        sa.Column('times', sa.Integer(), nullable=False),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('handed_in_at', UTCDateTime(timezone=True), nullable=True),
        sa.Column('extended_until', UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['link_id'], ['links.id'], name='fk_hand_ins_link_id_links', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_hand_ins'),
        sa.UniqueConstraint('link_id', 'folder_key', name='uq_hand_ins_link_id_folder_key'),
    )
    steps.create_index('links', 'project_id')
    steps.create_index('links', 'made_by_id')


def downgrade() -> None:
    for table in ('hand_ins', 'drop_offs', 'links'):
        op.drop_table(table)

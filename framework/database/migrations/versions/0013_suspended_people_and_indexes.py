"""Suspended and deleted people, and indexes for lists of 100,000 projects"""

import sqlalchemy as sa
from alembic import op

import framework.database.types
from framework.database import steps

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

PARTIAL = (
    ('ix_projects_public', 'projects', ('updated_at', 'id'), "visibility = 'public' AND trashed_at IS NULL"),
    ('ix_projects_trashed', 'projects', ('trashed_at',), 'trashed_at IS NOT NULL'),
    ('ix_notices_unread', 'notices', ('user_id', 'id'), 'read_at IS NULL'),
    ('ix_notices_unsettled', 'notices', ('user_id',), 'settled_at IS NULL'),
    ('ix_repositories_fault', 'repositories', ('id',), 'fault IS NOT NULL'),
    ('ix_packs_fault', 'packs', ('repository_id',), 'fault IS NOT NULL'),
    ('ix_packs_moved', 'packs', ('checked_at',), 'storage_class IS NOT NULL'),
    ('ix_lfs_objects_fault', 'lfs_objects', ('repository_id',), 'fault IS NOT NULL'),
    ('ix_lfs_objects_moved', 'lfs_objects', ('checked_at',), 'storage_class IS NOT NULL'),
    ('ix_versions_unconfirmed', 'versions', ('repository_id',), 'confirmed_at IS NULL'),
)
WORDS = "projects.name_key || ' ' || projects.topics || ' ' || lower(projects.description)"


def upgrade() -> None:
    for name in ('suspended_at', 'deleted_at'):
        steps.add_column('users', sa.Column(name, framework.database.types.UTCDateTime(timezone=True), nullable=True))
    for name, table, columns, where in PARTIAL:
        steps.create_index(table, *columns, name=name, where=where)
    steps.create_index('projects', 'owner_id', 'updated_at')
    steps.create_index('notices', 'user_id', 'id')
    steps.create_word_index('ix_projects_words', 'projects', WORDS)
    steps.drop_index('notices', 'user_id', 'read_at')
    steps.drop_index('notices', 'settled_at', 'user_id')
    steps.drop_index('versions', 'confirmed_at')


def downgrade() -> None:
    steps.create_index('versions', 'confirmed_at')
    steps.create_index('notices', 'settled_at', 'user_id')
    steps.create_index('notices', 'user_id', 'read_at')
    op.execute('DROP INDEX IF EXISTS ix_projects_words')
    steps.drop_index('notices', 'user_id', 'id')
    steps.drop_index('projects', 'owner_id', 'updated_at')
    for name, table, _columns, _where in PARTIAL:
        steps.drop_index(table, name=name)
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_column('deleted_at')
        batch_op.drop_column('suspended_at')

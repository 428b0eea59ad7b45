"""Authenticator apps, recovery codes and passkeys"""

import sqlalchemy as sa
from alembic import op

from framework.database import steps
from framework.database.types import UTCDateTime

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        'authenticator_apps',
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('sealed', sa.String(length=300), nullable=False),
        sa.Column('key_name', sa.String(length=16), nullable=False),
        sa.Column('last_step', sa.BigInteger(), nullable=False),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['user_id'], ['users.id'], name='fk_authenticator_apps_user_id_users', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('user_id', name='pk_authenticator_apps'),
    )
    steps.create_table(
        'recovery_codes',
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_recovery_codes_user_id_users', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('digest', name='pk_recovery_codes'),
    )
    steps.create_table(
        'passkeys',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('credential_id', sa.String(length=1400), nullable=False),
        sa.Column('public_key', sa.String(length=2000), nullable=False),
        sa.Column('handle', sa.String(length=32), nullable=False),
        sa.Column('sign_count', sa.BigInteger(), nullable=False),
        sa.Column('created_at', UTCDateTime(timezone=True), nullable=False),
        sa.Column('last_used_at', UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], name='fk_passkeys_user_id_users', ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name='pk_passkeys'),
        sa.UniqueConstraint('credential_id', name='uq_passkeys_credential_id'),
    )
    steps.create_table(
        'spent_challenges',
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('spent_at', UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('digest', name='pk_spent_challenges'),
    )
    steps.create_index('authenticator_apps', 'key_name')
    steps.create_index('recovery_codes', 'user_id')
    steps.create_index('passkeys', 'user_id')
    steps.create_index('spent_challenges', 'spent_at')


def downgrade() -> None:
    op.drop_table('spent_challenges')
    op.drop_table('passkeys')
    op.drop_table('recovery_codes')
    op.drop_table('authenticator_apps')

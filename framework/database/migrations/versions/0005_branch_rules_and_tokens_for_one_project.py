"""Branch rules, and tokens for one project"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('branch_rules',
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('pattern', sa.String(length=200), nullable=False),
    sa.Column('force_push', sa.Boolean(), nullable=False),
    sa.Column('deletion', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_branch_rules_project_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('project_id', 'pattern', name=op.f('pk_branch_rules'))
    )
    with op.batch_alter_table('tokens', schema=None) as batch_op:
        batch_op.add_column(sa.Column('repository_id', sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f('ix_tokens_repository_id'), ['repository_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_tokens_repository_id'), 'repositories', ['repository_id'], ['id'], ondelete='CASCADE')


def downgrade() -> None:
    # A token for one project must not become one for all.
    op.execute('DELETE FROM tokens WHERE repository_id IS NOT NULL')
    with op.batch_alter_table('tokens', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_tokens_repository_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_tokens_repository_id'))
        batch_op.drop_column('repository_id')

    op.drop_table('branch_rules')

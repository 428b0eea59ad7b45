"""Assignments of groups, hand-ins, and feedback"""

from datetime import datetime

import framework.database.types
import sqlalchemy as sa
from alembic import op

from framework.database import steps

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, framework.database.types.UTCDateTime(timezone=True), nullable=nullable)


def _key(table: str, column: str, other: str, then: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f'{other}.id'], name=f'fk_{table}_{column}_{other}', ondelete=then)


def upgrade() -> None:
    steps.create_table(
        'assignments',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('group_id', sa.Integer(), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('slug', sa.String(length=50), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('template_id', sa.Integer(), nullable=True),
        _moment('deadline'),
        sa.Column('time_zone', sa.String(length=50), nullable=False),
        sa.Column('everyone', sa.Boolean(), nullable=False),
        sa.Column('made_by_id', sa.Integer(), nullable=True),
        _moment('created_at'),
        _key('assignments', 'group_id', 'users', 'CASCADE'),
        _key('assignments', 'template_id', 'projects', 'SET NULL'),
        _key('assignments', 'made_by_id', 'users', 'SET NULL'),
        sa.PrimaryKeyConstraint('id', name='pk_assignments'),
        sa.UniqueConstraint('group_id', 'slug', name='uq_assignments_group_id_slug'),
    )
    steps.create_table(
        'participations',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('assignment_id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=True),
        sa.Column('person', sa.String(length=39), nullable=False),
        _moment('due_at'),
        sa.Column('extended', sa.Boolean(), nullable=False),
        sa.Column('project_id', sa.Integer(), nullable=True),
        _moment('opened_at', nullable=True),
        sa.Column('started_sha', sa.String(length=40), nullable=True),
        _moment('handed_in_at', nullable=True),
        sa.Column('handed_in_sha', sa.String(length=40), nullable=True),
        _moment('snapshot_at', nullable=True),
        sa.Column('snapshot_sha', sa.String(length=40), nullable=True),
        _key('participations', 'assignment_id', 'assignments', 'CASCADE'),
        _key('participations', 'user_id', 'users', 'SET NULL'),
        _key('participations', 'project_id', 'projects', 'SET NULL'),
        sa.PrimaryKeyConstraint('id', name='pk_participations'),
        sa.UniqueConstraint('assignment_id', 'user_id', name='uq_participations_assignment_id_user_id'),
    )
    steps.create_table(
        'feedback',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('hand_in_id', sa.Integer(), nullable=False),
        sa.Column('author_id', sa.Integer(), nullable=True),
        sa.Column('text', sa.Text(), nullable=False),
        _moment('created_at'),
        _key('feedback', 'hand_in_id', 'participations', 'CASCADE'),
        _key('feedback', 'author_id', 'users', 'SET NULL'),
        sa.PrimaryKeyConstraint('id', name='pk_feedback'),
    )
    for table, column in (
        ('assignments', 'template_id'),
        ('assignments', 'made_by_id'),
        ('participations', 'user_id'),
        ('participations', 'project_id'),
        ('feedback', 'hand_in_id'),
        ('feedback', 'author_id'),
    ):
        steps.create_index(table, column)
    steps.create_index('assignments', 'group_id', 'deadline')
    steps.create_index('participations', 'due_at', name='ix_participations_due', where='snapshot_at IS NULL AND project_id IS NOT NULL')


def downgrade() -> None:
    for table in ('feedback', 'participations', 'assignments'):
        op.drop_table(table)

"""The owner of the bucket, and projects whose journal has gone on without this database"""

import secrets

import sqlalchemy as sa
from alembic import op

import framework.database.types
from framework.database import steps

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.create_table(
        "deployment",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("identity", sa.String(length=32), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("claimed_at", framework.database.types.UTCDateTime(timezone=True), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
    )
    steps.create_table(
        "settled_entries",
        sa.Column("repository_id", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash_start", sa.String(length=16), nullable=False),
        sa.Column("settled_at", framework.database.types.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name="fk_settled_entries_repository_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "epoch", "version", "hash_start", name="pk_settled_entries"),
    )
    steps.add_column(
        "repositories", sa.Column("diverged_at", framework.database.types.UTCDateTime(timezone=True), nullable=True)
    )
    _claim_the_bucket()
    steps.create_index("repositories", "diverged_at")


def _claim_the_bucket() -> None:
    """A database that has projects already owns the bucket that they are in; one without waits for its first look."""
    claimed = "SELECT 1 FROM deployment UNION ALL SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM repositories WHERE version > 0)"
    if op.get_bind().execute(sa.text(claimed)).first() is None:
        claim = sa.text(
            "INSERT INTO deployment (id, identity, token, claim, state, claimed_at, marks) "
            "VALUES (1, :identity, 1, :claim, 'claiming', CURRENT_TIMESTAMP, '[]')"
        )
        op.get_bind().execute(claim, {"identity": secrets.token_hex(16), "claim": secrets.token_hex(8)})


def downgrade() -> None:
    steps.drop_index("repositories", "diverged_at")
    with op.batch_alter_table("repositories") as table:
        table.drop_column("diverged_at")
    op.drop_table("settled_entries")
    op.drop_table("deployment")

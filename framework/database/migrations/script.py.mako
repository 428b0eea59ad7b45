"""${message}

The previous release runs beside it: only add, by framework.database.steps (add_column, create_table, create_index,
backfill), so that it waits for nobody's table and can be repeated from its middle. docs/development.md has the rules.
"""

import sqlalchemy as sa
from alembic import op

import framework.database.types
from framework.database import steps
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}

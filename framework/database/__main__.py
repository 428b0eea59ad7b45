"""`python -m framework.database`: `flask database upgrade` without the rest of the application, which takes longer."""

from click import Command

from framework import config
from framework.database.commands import upgrade_plainly

config.start()
Command("upgrade", callback=upgrade_plainly)()

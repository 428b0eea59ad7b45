"""The web application, for gunicorn and `flask`."""

from framework.application import create_app
from framework.health.boot import settings_or_exit

app = create_app(settings_or_exit())

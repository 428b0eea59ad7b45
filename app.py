"""The web application, for gunicorn and `flask`."""

from framework.application import create_app

app = create_app()

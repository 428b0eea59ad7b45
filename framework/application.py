"""`create_app`: the application, put together from what the rooms bring."""

from pathlib import Path

from flask import Flask

from framework import config, rooms
from framework.config import Config
from framework.repositories.cache import scratch
from framework.uploads.receiving import StreamingRequest
from framework.web import security
from framework.web.answers import Answer

ROOT = Path(__file__).parent.parent
LONGEST_FORM_BYTES = 1 << 20


def create_app(settings: Config | None = None) -> Flask:
    """The web application for these settings, or for what the environment says.

    Raises:
        ConfigError: the environment lacks a variable or has an unusable one.
    """
    settings = settings or Config.from_environment()
    config.use(settings)
    app = Flask("framework", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.response_class = Answer
    app.request_class = StreamingRequest
    app.url_map.strict_slashes = False  # whoever types a slash at the end means the same page
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        WTF_CSRF_SECRET_KEY=settings.signing_keys,
        MAX_CONTENT_LENGTH=LONGEST_FORM_BYTES,
        SESSION_COOKIE_NAME=security.cookie_name("session"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
    )
    scratch.sweep()
    for part in rooms.load_all("parts"):
        part.register(app)
    for blueprint in rooms.load_all("blueprints"):
        app.register_blueprint(blueprint)
    for commands in rooms.load_all("commands"):
        app.cli.add_command(commands)
    return app

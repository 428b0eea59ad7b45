"""`create_app`: the application, put together from what the rooms bring."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from click import Command, Context
from flask import Flask
from flask.cli import AppGroup
from jinja2 import FileSystemBytecodeCache

from framework import config, rooms
from framework.config import Config
from framework.repositories.cache import scratch
from framework.uploads.receiving import StreamingRequest
from framework.web import security
from framework.web.answers import Answer
from framework.web.sessions import SessionCookie

ROOT = Path(__file__).parent.parent
LONGEST_FORM_BYTES = 1 << 20


class Commands(AppGroup):
    """What `flask` can do: the rooms' commands, each loaded when it is asked for, since a web server needs none."""

    def list_commands(self, ctx: Context) -> list[str]:
        """The names of all commands."""
        return sorted({*super().list_commands(ctx), *rooms.commands()})

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command of this name; None where there is none."""
        found: Command | None = super().get_command(ctx, cmd_name) or rooms.load_command(cmd_name)
        return found


class Application(Flask):
    """Flask with the browser's session as it is kept here, and views that all run in the thread of their request."""

    session_interface = SessionCookie()
    response_class = Answer
    request_class = StreamingRequest

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: Flask looks at each one, in each request, whether it is a coroutine."""
        return func


def create_app(settings: Config | None = None) -> Flask:
    """The web application for these settings, or for what the environment says.

    Raises:
        ConfigError: the environment lacks a variable or has an unusable one.
    """
    settings = settings or Config.from_environment()
    config.use(settings)
    app = Application("framework", root_path=str(ROOT), template_folder="templates", static_folder="static")
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
    app.cli = Commands(name=app.name)
    return app


def load_ahead(app: Flask) -> None:
    """Have in memory what a server's first requests would load, and open no connection: its forks share all of it.

    Compiled templates are kept in the data folder, since compiling them takes half a second.
    """
    compiled = config.current().data / "templates"
    compiled.mkdir(parents=True, exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
    rooms.load_ahead()

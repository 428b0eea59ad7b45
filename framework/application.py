"""`create_app`: the one file that knows every room."""

from pathlib import Path

from flask import Flask

from framework import config
from framework.accounts.core import addresses
from framework.accounts.lifecycle import signup
from framework.accounts.signin import login, reauthentication
from framework.accounts.views.pages import accounts
from framework.accounts.views.settings import settings as account_settings
from framework.admin.views import admin
from framework.api import views as api
from framework.browse.ref_views import blueprint as refs
from framework.browse.search_views import blueprint as finding
from framework.browse.versions import blueprint as versions
from framework.browse.views import blueprint as browse
from framework.cli import shell
from framework.cli.backups import backup, restore
from framework.cli.people import users_commands
from framework.cli.projects import projects_commands
from framework.cli.storage import storage_commands
from framework.config import Config
from framework.database.commands import database_commands
from framework.edits.restore_views import blueprint as restoring
from framework.edits.views import blueprint as editing
from framework.githttp.lfs_views import blueprint as lfs
from framework.githttp.views import blueprint as git
from framework.health.commands import doctor
from framework.health.views import health
from framework.import_export.views import blueprint as transfer
from framework.observability import requests
from framework.projects.members import invitations
from framework.projects.views.inbox import inboxes
from framework.projects.views.jobs import works
from framework.projects.views.pages import projects
from framework.projects.views.settings import settings as project_settings
from framework.projects.views.tokens import token_settings
from framework.repositories.cache import scratch
from framework.uploads.receiving import StreamingRequest
from framework.uploads.tus.views import blueprint as tus
from framework.uploads.views import blueprint as uploads
from framework.web import compression, errors, forms, pages, reserved, routing, security
from framework.web.answer import Answer

ROOT = Path(__file__).parent.parent
LONGEST_FORM_BYTES = 1 << 20
BLUEPRINTS = (
    accounts,
    account_settings,
    token_settings,
    admin,
    inboxes,
    works,
    projects,
    project_settings,
    tus,
    uploads,
    editing,
    restoring,
    browse,
    versions,
    refs,
    finding,
    transfer,
    lfs,
    git,
    api.blueprint,
    health,
)


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
    compression.register(app)
    addresses.when_confirmed(invitations.take_now)
    signup.accept_invited(invitations.is_invited)
    for part in (requests, routing, security, errors, forms, pages, reserved, login, reauthentication, api, shell):
        part.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for commands in (database_commands, users_commands, storage_commands, projects_commands, backup, restore, doctor):
        app.cli.add_command(commands)
    return app

"""A variable whose name is nearly one of ours is noticed, and nothing that others set is taken for one."""

from collections.abc import Iterator, Mapping

import pytest

from framework.config import VARIABLES, Config, ConfigError
from framework.environment import variables
from framework.environment.spelling import lookalikes
from tests.environment.conftest import PRODUCTION, Read

HEROKU = """DYNO DYNO_RAM PORT PYTHONHOME PYTHONPATH PYTHONHASHSEED GUNICORN_CMD_ARGS LIBRARY_PATH LD_LIBRARY_PATH STACK
    HEROKU_APP_ID HEROKU_APP_NAME HEROKU_APP_DEFAULT_DOMAIN_NAME HEROKU_DYNO_ID HEROKU_RELEASE_CREATED_AT
    HEROKU_RELEASE_VERSION HEROKU_SLUG_COMMIT HEROKU_BUILD_COMMIT HEROKU_POSTGRESQL_AMBER_URL HEROKU_REDIS_BLUE_URL
    DATABASE_URL DATABASE_CONNECTION_POOL_URL REDIS_TLS_URL REDIS_TEMPORARY_URL CLOUDAMQP_APIKEY PAPERTRAIL_API_TOKEN
    SENDGRID_USERNAME SENDGRID_PASSWORD MAILGUN_SMTP_LOGIN MAILGUN_SMTP_SERVER BUCKETEER_BUCKET_NAME SENTRY_DSN
    BUCKETEER_AWS_ACCESS_KEY_ID BUCKETEER_AWS_SECRET_ACCESS_KEY BUCKETEER_AWS_REGION WEB_MEMORY SOURCE_VERSION"""
CI = """CI GITHUB_ACTIONS GITHUB_BASE_REF GITHUB_ENV GITHUB_EVENT_NAME GITHUB_REF GITHUB_SERVER_URL GITHUB_SHA
    GITHUB_TOKEN GITHUB_WORKSPACE RUNNER_OS RUNNER_TEMP RUNNER_TOOL_CACHE ACTIONS_CACHE_URL CI_COMMIT_SHA CI_JOB_ID
    CI_PROJECT_DIR CI_REPOSITORY_URL CI_SERVER_URL BUILD_NUMBER BUILD_URL JOB_NAME JENKINS_URL NODE_NAME TRAVIS_BRANCH
    TOX_ENV_NAME VIRTUAL_ENV PIP_CACHE_DIR PIP_INDEX_URL PYTEST_CURRENT_TEST COVERAGE_FILE CONTAINER_NAME HOSTNAME
    KUBERNETES_PORT KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT POSTGRES_DB POSTGRES_PASSWORD POSTGRES_USER PGHOST
    PGDATABASE PGPASSWORD REDIS_HOST REDIS_PORT RABBITMQ_URL MYSQL_URL DOCKER_HOST COMPOSE_PROJECT_NAME"""
SHELL = """HOME USER LOGNAME SHELL PATH PWD OLDPWD SHLVL TERM TERM_PROGRAM COLORTERM LANG LANGUAGE LC_ALL TZ TMPDIR
    MAIL MAILCHECK EDITOR VISUAL PAGER LESS LESSOPEN LS_COLORS DISPLAY WAYLAND_DISPLAY XAUTHORITY XDG_CACHE_HOME
    XDG_CONFIG_HOME XDG_DATA_DIRS XDG_RUNTIME_DIR XDG_SESSION_ID DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK SSH_CLIENT
    SSH_CONNECTION SSH_TTY GPG_AGENT_INFO HISTSIZE HISTFILE HISTCONTROL PROMPT_COMMAND PS1 IFS HOST HOSTTYPE OSTYPE
    MAKEFLAGS MAKELEVEL MFLAGS SUDO_USER SUDO_COMMAND INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET HONCHO_PROCESS_NAME
    http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION
    AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 GS_BUCKET GIT_AUTHOR_NAME GIT_EDITOR SSL_CERT_FILE
    FLASK_APP FLASK_ENV FLASK_DEBUG SMTP_HOST SMTP_PORT SMTP_USER SMTP_PASSWORD MAIL_SERVER MAIL_PORT LOG_LEVEL
    SECRET_KEY_BASE SITE_URL PUBLIC_URL NPM_CONFIG_CACHE NVM_DIR JAVA_HOME GOPATH CARGO_HOME PYENV_ROOT PYENV_VERSION"""


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("S3_BUKET", "S3_BUCKET"),
        ("SMPT_URL", "SMTP_URL"),
        ("MAX_FILE_BYTE", "MAX_FILE_BYTES"),
        ("s3_bucket", "S3_BUCKET"),
        ("BASEURL", "BASE_URL"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("S3_ENDPOINT_UR", "S3_ENDPOINT_URL"),
        ("WEB_CONCURENCY", "WEB_CONCURRENCY"),
        ("QUOTA_BYTE", "QUOTA_BYTES"),
    ],
)
def test_a_name_that_is_nearly_ours_is_noticed(at_home: Read, found: str, meant: str) -> None:
    assert at_home(**{found: "4"}).misspelt == ((found, meant),)


def test_a_name_beside_the_right_one_is_somebody_elses(at_home: Read) -> None:
    assert at_home(QUOTA_BYTE="4", QUOTA_BYTES="5").misspelt == ()


@pytest.mark.parametrize("names", [HEROKU, CI, SHELL], ids=["heroku", "ci", "shell"])
def test_nothing_that_others_set_is_taken_for_ours(at_home: Read, in_production: Read, names: str) -> None:
    foreign = {name: "x" for name in names.split() if name not in VARIABLES | {"DYNO"}}
    assert len(foreign) > 30
    assert at_home(**foreign).misspelt == ()
    assert in_production(**foreign).misspelt == ()


def test_our_own_names_are_not_taken_for_each_other() -> None:
    for name in VARIABLES:
        assert list(lookalikes(dict.fromkeys(VARIABLES, "x"), name)) == []


@pytest.mark.parametrize(
    ("found", "meant"), [("S3_BUKET", "S3_BUCKET"), ("SMPT_URL", "SMTP_URL"), ("base_url", "BASE_URL")]
)
def test_a_refusal_names_what_was_set_instead(in_production: Read, found: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{meant} is not set; .* \(is {found} a misspelling of it\?\)$"):
        in_production(**{meant: "", found: "x"})


class Noting(Mapping[str, str]):
    """Variables that remember which names were asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given, self.names = given, set[str]()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def test_every_variable_that_is_read_is_known(at_home: Read) -> None:
    asked = Noting({**PRODUCTION, "BROKER_URL": "", "REDIS_URL": PRODUCTION["BROKER_URL"]})
    Config.from_environment(asked)
    of_the_system = {"PATH", "DYNO", "PROMETHEUS_MULTIPROC_DIR", *variables.GIT_VARIABLES}
    assert asked.names - of_the_system == VARIABLES

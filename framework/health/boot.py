"""What has to be there before anything starts."""

from framework import config
from framework.config import Config
from framework.gitcore import git


def settings_or_exit() -> Config:
    """This deployment's settings; the process ends with one sentence when it cannot work with them."""
    settings = config.start()
    if git.version() is None:
        raise SystemExit(
            "Holdfast does not start: git is not installed, or not in PATH. "
            "Install it (on Heroku: the apt buildpack, which reads the Aptfile)."
        )
    return settings

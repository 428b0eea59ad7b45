"""Variables of one form each: numbers, switches, words; a wrong one is refused by its name."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from framework.environment.spelling import lookalikes

CLASSES_READ_AT_ONCE = ("STANDARD_IA", "GLACIER_IR")
"""Classes of S3 that are cheaper to keep, answer a GET in milliseconds, and lie in several data centres."""

PRICES = (("STANDARD", 0.023), ("STANDARD_IA", 0.0125), ("GLACIER_IR", 0.004), ("BLOCK", 0.08))
"""Dollars for a GiB and month, by where it is kept."""

GIT_VARIABLES = ("LD_LIBRARY_PATH", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR")

_BELOW_AC = ("at", "be", "cn", "cr", "id", "il", "in", "ir", "jp", "ke", "kr", "lk", "ma", "nz", "rs", "th", "tz", "ug")
_BELOW_EDU = (
    "ar",
    "au",
    "bd",
    "br",
    "cn",
    "co",
    "ec",
    "eg",
    "gh",
    "hk",
    "lb",
    "mx",
    "my",
    "ng",
    "pe",
    "ph",
    "pk",
    "pl",
)
ACADEMIC_DOMAINS = (
    "edu",
    *(f"ac.{country}" for country in (*_BELOW_AC, "uk", "za", "zw")),
    *(f"edu.{country}" for country in (*_BELOW_EDU, "pl", "sa", "sg", "tr", "tw", "ua", "uy", "vn")),
)
"""Domains below which registries let only universities and schools in; countries without one have to be listed."""

_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")

Environ = Mapping[str, str]


class ConfigError(Exception):
    """A variable is missing or unusable; the text names it and says what to set."""


def is_production(environ: Environ) -> bool:
    """Whether nothing may have a default that loses data or trust.

    Raises:
        ConfigError: the variable is neither left out nor `production`, so nobody can tell.
    """
    named = environ.get("HOLDFAST_ENV", "")
    if named not in {"", "production"}:
        raise ConfigError(f"HOLDFAST_ENV is {named!r}; set it to production, or leave it out at home")
    if not named and is_on_dyno(environ):
        raise missing_variable(
            environ, "HOLDFAST_ENV", "on Heroku, where a dyno's disk is wiped daily, set it to production"
        )
    return named == "production"


def is_on_dyno(environ: Environ) -> bool:
    """Whether this is a dyno: its disk is wiped daily and shared with nobody, and Heroku's router is its only peer."""
    return bool(environ.get("DYNO"))


def missing_variable(environ: Environ, name: str, needed: str) -> ConfigError:
    """What to raise where a variable has to be set; a name that is nearly its own is mentioned."""
    found = ", ".join(lookalikes(environ, name))
    return ConfigError(f"{name} is not set; {needed}" + (f" (is {found} a misspelling of it?)" if found else ""))


def whole_number(environ: Environ, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A number of decimal digits, neither smaller nor larger than what can work."""
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal():
        raise ConfigError(f"{name} is {text!r}; set it to a whole number, for example {default}")
    if int(text) < least:
        raise ConfigError(f"{name} is {text}; set it to at least {least}, for example {default}")
    if most is not None and int(text) > most:
        raise ConfigError(f"{name} is {text}; set it to at most {most}, for example {default}")
    return int(text)


def switch(environ: Environ, name: str, *, default: bool) -> bool:
    """`on` or `off`."""
    text = environ.get(name, "").strip().lower()
    if text not in {"", "on", "off"}:
        raise ConfigError(f"{name} is {text!r}; set it to on or off")
    return text == "on" if text else default


def read_choice(environ: Environ, name: str, choices: tuple[str, ...]) -> str:
    """One of these words; the first when the variable is unset."""
    text = environ.get(name, "").strip().lower() or choices[0]
    if text not in choices:
        raise ConfigError(f"{name} is {text!r}; set it to {' or '.join(choices)}")
    return text


def signup(environ: Environ) -> tuple[str, tuple[str, ...]]:
    """Who may sign up: `open`, `invited`, `closed`, or `domains` with the domains of the addresses that may."""
    text = environ.get("SIGNUP", "").strip().lower() or "open"
    kind, _colon, listed = text.partition(":")
    domains = tuple(listed.replace(",", " ").split())
    fits = kind in {"open", "invited", "closed"} and not _colon
    if not fits and not (kind == "domains" and domains and all(_DOMAIN.fullmatch(domain) for domain in domains)):
        raise ConfigError(f"SIGNUP is {text!r}; set it to open, invited, closed or domains:uni.example,lab.example")
    return kind, domains


def academic_domains(environ: Environ) -> tuple[str, ...]:
    """The domains whose confirmed addresses, and those below them, bring the student plan; `none` is nobody's."""
    text = environ.get("ACADEMIC_DOMAINS", "").strip().lower()
    if not text:
        return ACADEMIC_DOMAINS
    domains = () if text == "none" else tuple(text.replace(",", " ").split())
    if not all(_DOMAIN.fullmatch(domain) for domain in domains):
        raise ConfigError(f"ACADEMIC_DOMAINS is {text!r}; set it to domains such as edu,uni.example, or to none")
    return domains


def archive_class(environ: Environ) -> str | None:
    """The class of S3 for what archived projects keep."""
    name = environ.get("ARCHIVE_STORAGE_CLASS", "").strip().upper()
    if name and name not in CLASSES_READ_AT_ONCE:
        raise ConfigError(
            f"ARCHIVE_STORAGE_CLASS is {name!r}; set it to {' or '.join(CLASSES_READ_AT_ONCE)}, which can be read at "
            "once, or leave it out"
        )
    return name or None


def prices(environ: Environ, default: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    """The default prices, with those that `STORAGE_PRICES` names changed or added: `NAME=DOLLARS NAME=DOLLARS`."""
    priced = dict(default)
    for word in environ.get("STORAGE_PRICES", "").split():
        name, _equals, price = word.partition("=")
        if not re.fullmatch(r"[A-Z0-9_]+", name) or not re.fullmatch(r"\d+(\.\d+)?", price):
            raise ConfigError(
                f"STORAGE_PRICES has {word!r}; write each as NAME=DOLLARS, for example STANDARD=0.023 BLOCK=0.08"
            )
        priced[name] = float(price)
    return tuple(priced.items())


def git_path(environ: Environ) -> str:
    """Where git is looked for."""
    return environ.get("PATH") or os.defpath


def git_environment(environ: Environ) -> tuple[tuple[str, str], ...]:
    """What git needs to find its own parts, where it lies in an unusual place."""
    return tuple((name, environ[name]) for name in GIT_VARIABLES if environ.get(name))


def metrics_folder(environ: Environ) -> Path | None:
    """Where the workers of one web server share their counts: set by its first process, not by people."""
    folder = environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None

"""Where the web server listens, and which peers it believes about the client behind them."""

import re
from ipaddress import ip_network

from framework.environment.variables import ConfigError, Environ, is_on_dyno, is_production

ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(?::(\d+))?")
LOOPBACK = "127.0.0.1,::1"


def bind(environ: Environ, port: int) -> str:
    """The address of the socket: `host:port`, or `unix:/path`.

    A laptop's server is for the laptop; a production one is behind a router that comes from another machine.
    """
    named = environ.get("BIND", "").strip()
    if named.startswith("unix:/"):
        return named
    default = "0.0.0.0" if is_production(environ) else "127.0.0.1"  # noqa: S104
    chosen = ADDRESS.fullmatch(named or default)
    if chosen is None:
        raise ConfigError(f"BIND is {named!r}; set it to an address such as 127.0.0.1, [::]:5000 or unix:/run/holdfast")
    return f"{chosen[1]}:{chosen[2] or port}"


def read_trusted_proxies(environ: Environ) -> str:
    """The peers whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses and networks, or `*` for all.

    In production that is a proxy of the same machine; on a dyno all, since nobody but Heroku's router reaches it.
    """
    default = "*" if is_on_dyno(environ) else LOOPBACK if is_production(environ) else ""
    named = (environ.get("FORWARDED_ALLOW_IPS") or default).replace(",", " ").split()
    if named != ["*"]:
        for word in named:
            _check_network(word)
    return ",".join(named)


def _check_network(word: str) -> None:
    try:
        ip_network(word)
    except ValueError as wrong:
        raise ConfigError(
            f"FORWARDED_ALLOW_IPS has {word!r}, which is no address or network; set it to the addresses of your "
            "proxies, for example 10.0.0.0/8,127.0.0.1, or to * where nobody else can reach this server"
        ) from wrong

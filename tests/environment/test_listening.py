"""Where the web server listens, and whom it believes."""

import pytest

from framework.config import ConfigError
from tests.environment.conftest import Read


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("", "127.0.0.1:8000"),
        ("0.0.0.0", "0.0.0.0:8000"),
        ("10.0.0.7:80", "10.0.0.7:80"),
        ("localhost", "localhost:8000"),
        ("[::1]", "[::1]:8000"),
        ("[::]:80", "[::]:80"),
        ("unix:/run/holdfast/web.sock", "unix:/run/holdfast/web.sock"),
    ],
)
def test_it_listens_where_it_is_told(at_home: Read, named: str, expected: str) -> None:
    assert at_home(PORT="8000", BIND=named).bind == expected


def test_production_listens_to_other_machines(in_production: Read) -> None:
    assert in_production(PORT="8000").bind == "0.0.0.0:8000"
    assert in_production(PORT="8000", BIND="127.0.0.1").bind == "127.0.0.1:8000"


@pytest.mark.parametrize(
    "named", ["::1", "http://localhost", "a,b", "host:port", "127.0.0.1/8", "user@host", "unix:web"]
)
def test_it_refuses_what_is_no_address(at_home: Read, named: str) -> None:
    with pytest.raises(ConfigError, match=r"^BIND is "):
        at_home(BIND=named)


def test_it_believes_nobody_at_home_the_own_machine_in_production_and_herokus_router(
    at_home: Read, in_production: Read
) -> None:
    assert at_home().forwarded_allow_ips == ""
    assert in_production().forwarded_allow_ips == "127.0.0.1,::1"
    assert in_production(DYNO="web.1").forwarded_allow_ips == "*"


@pytest.mark.parametrize("named", ["*", "10.0.0.7", "10.0.0.0/8, 192.168.1.1,", "fd00::/8,::1"])
def test_it_believes_whom_it_is_told(at_home: Read, named: str) -> None:
    assert at_home(FORWARDED_ALLOW_IPS=named).forwarded_allow_ips == named.replace(" ", "").rstrip(",")


@pytest.mark.parametrize("named", ["nginx", "10.0.0.0/33", "10.0.0.7/8", "*,10.0.0.1"])
def test_it_refuses_what_is_no_network(at_home: Read, named: str) -> None:
    with pytest.raises(ConfigError, match=r"^FORWARDED_ALLOW_IPS has "):
        at_home(FORWARDED_ALLOW_IPS=named)

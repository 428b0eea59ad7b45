"""Where webhooks may go: to the public internet, to the server that was looked at, and not for long."""

import socket
import socketserver
import ssl
import subprocess
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from flask import Flask

from framework.webhooks import sending
from framework.webhooks.sending import BadAddress, Undelivered, check_address, post
from tests.webhooks.conftest import Receiver, serving, start_receiver


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1/", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest"),
        *("http://0.0.0.0/", "http://10.1.2.3/", "http://100.64.0.1/", "http://224.0.0.1/", "http://192.168.0.1:8080/"),
        *("http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://017700000001/", "http://[fe80::1%25lo]/"),
        *("ftp://example.org/", "https://", "https:///x", "file:///etc/passwd", "gopher://example.org/"),
        *("https://ann:secret@example.org/", "https://example.org/#x", "https://example.org\\@127.0.0.1/"),
        *(
            "https://example.org/a b",
            "https://example.org/\r\nHost: x",
            "https://exämple.org/",
            "https://example.org./",
        ),
        *("https://example.org:22/", "https://example.org:0/", "https://example.org:99999/", "https://x/" + "y" * 500),
    ],
)
def test_it_refuses_what_is_no_public_web_server(app: Flask, url: str) -> None:
    with pytest.raises(BadAddress):
        check_address(url)


@pytest.mark.parametrize("url", ["https://example.org", "http://example.org:8080/x?y=1", "https://[2606:4700::1]:443/"])
def test_it_takes_web_servers(app: Flask, url: str) -> None:
    assert check_address(url).hostname


def test_a_name_that_leads_to_a_private_address_gets_no_request(app: Flask) -> None:
    with start_receiver() as (_server, receiver), pytest.raises(Undelivered, match="not on the public internet"):
        post(receiver.url.replace("127.0.0.1", "localhost"), b"{}", {})
    assert receiver.received == []


def test_one_private_address_among_several_is_enough(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(2, 1, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_named: both)
    with pytest.raises(Undelivered, match="not on the public internet"):
        post("https://example.org/", b"{}", {})


def test_the_name_is_asked_once_and_sent_as_the_host(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(receiver.url.split(":")[2].split("/")[0])
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, *given: Any, **named: Any) -> Any:
        if host != "ci.example.org":
            return real(host, *given, **named)  # a number, which no name server is asked about
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.9", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert post(f"http://ci.example.org:{port}/x", b"{}", {}).status == 200
    assert asked == ["ci.example.org"]
    assert receiver.received[0].headers["Host"] == f"ci.example.org:{port}"


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.statuses = [307]
    assert post(receiver.url, b"{}", {}).status == 307
    assert len(receiver.received) == 1


def test_of_a_long_answer_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.answer = b"a" * 5_000_000
    assert post(receiver.url, b"{}", {}).text == "a" * sending.ANSWER_BYTES


class _Slow(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Send a header that never ends, a byte now and then."""
        try:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while True:
                self.request.sendall(b"x")
                sleep(0.05)
        except OSError:
            return


class _Threading(socketserver.ThreadingTCPServer):
    daemon_threads = True


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(
    to_private_networks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "DEADLINE_SECONDS", 0.5)
    server = _Threading(("127.0.0.1", 0), _Slow)
    with serving(server), pytest.raises(Undelivered, match="No answer within"):
        post(f"http://127.0.0.1:{server.server_address[1]}/", b"{}", {})


def test_tls_is_checked_against_the_name(
    to_private_networks: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    told = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    made = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(["openssl", "req", "-x509", *made, *told], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with start_receiver() as (server, receiver):
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = receiver.url.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(Undelivered, match="certificate of localhost is not valid"):
            post(url, b"{}", {})
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert post(url, b"{}", {}).status == 200
        with pytest.raises(Undelivered, match="certificate"):
            post(url.replace("localhost", "127.0.0.1"), b"{}", {})
    assert len(receiver.received) == 1

"""`git http-backend` on folders of this disk, behind a small server: what we compare ourselves with."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO
from urllib.parse import urlsplit

CHUNK_BYTES = 1 << 16


class Handler(BaseHTTPRequestHandler):
    """Runs the CGI program for each request, with pipes in both directions."""

    protocol_version = "HTTP/1.1"
    folder = ""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _answer(self) -> None:
        with subprocess.Popen(
            ["git", "http-backend"], env=self._environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin
            assert process.stdout
            self._pass_body(process.stdin)
            self._pass_headers(process.stdout)
            while chunk := process.stdout.read1(CHUNK_BYTES):  # type: ignore[attr-defined]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")

    def _environment(self) -> dict[str, str]:
        address = urlsplit(self.path)
        return {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": self.folder,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
            "REMOTE_USER": "bench",
        }

    def _pass_body(self, target: IO[bytes]) -> None:
        for chunk in self._body():
            target.write(chunk)
        target.close()

    def _body(self) -> Iterator[bytes]:
        missing = int(self.headers.get("Content-Length", "0"))
        while missing and (chunk := self.rfile.read1(min(missing, CHUNK_BYTES))):
            missing -= len(chunk)
            yield chunk

    def _pass_headers(self, source: IO[bytes]) -> None:
        self.send_response(200)
        while (line := source.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()


def main() -> None:
    """Serve the folder `argv[2]` at the port `argv[1]` of this machine until the process is ended."""
    Handler.folder = sys.argv[2]
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()

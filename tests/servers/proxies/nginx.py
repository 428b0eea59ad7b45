"""nginx with the example that is shipped, in which names, ports and the certificate are a test's own."""

import os
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.processes import Process, accepts, free_port
from tests.servers.programs import program
from tests.servers.run import ROOT, Run

EXAMPLE = ROOT / "deploy" / "nginx.conf"
EXAMPLE_HOST = "forge.example.org"
EXAMPLE_GROUPS = """\
    server 127.0.0.1:5000 fail_timeout=2s;
    server 127.0.0.1:5001 fail_timeout=2s;
"""

# What Debian's own nginx.conf has around the files of conf.d, without the folders that only root may write.
_AROUND = """\
{user}daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    log_format told escape=json '{{"at":$msec,"took":$request_time,"status":$status,"method":"$request_method",'
        '"path":"$request_uri","id":"$holdfast_request_id","upstream":"$upstream_addr $upstream_status"}}';
    access_log {folder}/access.log told;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/holdfast.conf;
}}
"""


@dataclass(frozen=True)
class Front:
    """A proxy in front of web groups: its address, the certificate that it shows, and its own log."""

    url: str
    certificate: Path
    access_log: Path
    process: Process


@contextmanager
def nginx(run: Run, folder: Path, *, port: int, groups: Sequence[int]) -> Iterator[Front]:
    """Run nginx on this port in front of web groups on those; `folder` is made for its files."""
    folder.mkdir()
    certificate, key = make_certificate(folder)
    replaced = {
        EXAMPLE_GROUPS: "".join(f"    server 127.0.0.1:{group} fail_timeout=2s;\n" for group in groups),
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "    listen [::]:80;\n": "",
        "/etc/letsencrypt/live/forge.example.org/fullchain.pem": str(certificate),
        "/etc/letsencrypt/live/forge.example.org/privkey.pem": str(key),
        EXAMPLE_HOST: "localhost",
    }
    (folder / "holdfast.conf").write_text(adapt(EXAMPLE.read_text(), replaced))
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND.format(user=user, folder=folder))
    process = run.start(f"nginx-{port}", [program("nginx"), "-e", "stderr", "-c", str(folder / "nginx.conf")])
    try:
        process.wait_until(lambda: accepts(port))
        yield Front(f"https://localhost:{port}", certificate, folder / "access.log", process)
    finally:
        process.stop()


def adapt(example: str, replaced: dict[str, str]) -> str:
    """The example with these texts replaced; one that it does not hold is a mistake of the test or of the example."""
    for text, other in replaced.items():
        assert text in example, f"the example does not hold {text!r}"
        example = example.replace(text, other)
    return example


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of `localhost` that signs itself, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    command = [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    files = ("-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate))
    subprocess.run([*command, *files, *subject], check=True, capture_output=True)
    ssl.create_default_context(cafile=str(certificate))
    return certificate, key

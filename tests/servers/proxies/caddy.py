"""Caddy with the example that is shipped, in which names, ports and the certificate are a test's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.processes import accepts
from tests.servers.programs import program
from tests.servers.proxies.nginx import EXAMPLE_HOST, Front, adapt, make_certificate
from tests.servers.run import ROOT, Run

EXAMPLE = ROOT / "deploy" / "Caddyfile"
EXAMPLE_GROUPS = "127.0.0.1:5000 127.0.0.1:5001"


@contextmanager
def caddy(run: Run, folder: Path, *, port: int, groups: Sequence[int]) -> Iterator[Front]:
    """Run Caddy on this port in front of web groups on those; `folder` is made for its files."""
    folder.mkdir()
    certificate, key = make_certificate(folder)
    site = f"https://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}\n"
    site += f"\tlog {{\n\t\toutput file {folder}/access.log\n\t}}\n"
    replaced = {
        EXAMPLE_GROUPS: " ".join(f"127.0.0.1:{group}" for group in groups),
        "lb_try_duration 5s": "lb_try_duration 1s",
        f"{EXAMPLE_HOST} {{\n": "{\n\tadmin off\n\tauto_https off\n}\n\n" + site,
    }
    (folder / "Caddyfile").write_text(adapt(EXAMPLE.read_text(), replaced))
    command = [program("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    process = run.start(f"caddy-{port}", command, {"HOME": str(folder), "XDG_DATA_HOME": str(folder)})
    try:
        process.wait_until(lambda: accepts(port))
        yield Front(f"https://localhost:{port}", certificate, folder / "access.log", process)
    finally:
        process.stop()

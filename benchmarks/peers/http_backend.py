"""`git http-backend` on folders of this disk behind nginx and fcgiwrap, as git-http-backend(1) shows it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.programs import find_program
from benchmarks.setting.running import Running, family, free_port, read_cpu_seconds, read_name, running

CHILDREN = 4
_NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_x_counted $program {{
        default {program};
        1 {counted};
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            fastcgi_pass unix:{folder}/fastcgi.socket;
            fastcgi_read_timeout 600s;
            fastcgi_request_buffering off;
            fastcgi_buffering off;
            fastcgi_param SCRIPT_FILENAME $program;
            fastcgi_param GIT_PROJECT_ROOT {repositories};
            fastcgi_param GIT_HTTP_EXPORT_ALL 1;
            fastcgi_param GIT_PROTOCOL $http_git_protocol;
            fastcgi_param PATH_INFO $uri;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
            fastcgi_param REMOTE_USER bench;
        }}
    }}
}}
"""


COUNTED = {"X-Counted": "1"}
"""The header of requests whose CPU is counted; they take a little longer."""
_COUNTED_PROGRAM = """\
#!{shell}
{program}
times >> {times}
"""
"""fcgiwrap forgets what its children used, so bash, which counts milliseconds, writes down what its own used."""


@dataclass(frozen=True)
class Backend:
    """Both servers, and the file with what the programs that they started have used."""

    servers: Running
    times: Path

    def count_cpu_seconds(self) -> float:
        """What nginx, fcgiwrap, the CGI program and all that it started have used, in counted requests."""
        children = "".join(self.times.read_text().splitlines()[1::2])  # the first line is of the shell itself
        used = re.findall(r"(\d+)m([\d.]+)s", children)
        servers = (one for one in family(self.servers.process_id) if read_name(one) in {"nginx", "fcgiwrap"})
        programs = sum(int(minutes) * 60 + float(seconds) for minutes, seconds in used)
        return programs + sum(read_cpu_seconds(one) for one in servers)


@contextmanager
def http_backend(folder: Path, repositories: Path) -> Iterator[Backend]:
    """Serve the bare repositories of a folder; `folder` is for the servers' own files.

    Raises:
        Absent: nginx, fcgiwrap or the CGI program is not installed.
    """
    nginx, wrapper, port = find_program("nginx"), find_program("fcgiwrap"), free_port()
    program, counted, times = find_program("git-http-backend"), folder / "counted", folder / "times"
    counted.write_text(_COUNTED_PROGRAM.format(shell=find_program("bash"), program=program, times=times))
    counted.chmod(0o700)
    times.touch()
    user = "user root;" if os.geteuid() == 0 else ""
    settings = _NGINX.format(
        folder=folder, port=port, repositories=repositories, program=program, counted=counted, user=user
    )
    (folder / "nginx.conf").write_text(settings)
    with running([sys.executable, "-m", "benchmarks.peers.http_backend", nginx, wrapper, str(folder)], port, {}) as it:
        yield Backend(it, times)


def main(nginx: str, wrapper: str, folder: str) -> None:
    """Run both servers as our children until nginx ends or we are ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    listening = [wrapper, "-c", str(CHILDREN), "-s", f"unix:{folder}/fastcgi.socket"]
    with (
        subprocess.Popen(listening, start_new_session=True) as wrapped,
        subprocess.Popen([nginx, "-c", f"{folder}/nginx.conf"]) as front,
    ):
        try:
            front.wait()
        finally:
            front.terminate()
            os.killpg(wrapped.pid, signal.SIGTERM)  # its children do not end with it


if __name__ == "__main__":
    main(*sys.argv[1:])

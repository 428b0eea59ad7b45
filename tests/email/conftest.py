"""A certificate for localhost."""

import subprocess
from pathlib import Path

import pytest

from tests.servers.programs import program


@pytest.fixture
def certificate_files(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that nobody knows, and its key."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = [
        program("openssl"),
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key

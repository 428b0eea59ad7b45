"""A push written by hand, byte by byte: what no git client would send."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from framework.gitcore.pkt_line import FLUSH, pkt
from tests.githttp.client import Person, Work

NOTHING = "0" * 40
CAPABILITIES = "report-status side-band-64k"


def post(person: Person, project: str, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of the answer to a `git-receive-pack` request with this body."""
    secret = b64encode(f"{person.name}:{person.password}".encode()).decode()
    address = f"{person.url}/{project}.git/git-receive-pack"
    request = Request(address, body, {"Authorization": f"Basic {secret}", **(headers or {})})
    try:
        with urlopen(request) as answer:
            return answer.status, answer.read()
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def push_body(commands: Sequence[tuple[str, str, str]], pack: bytes = b"", capabilities: str = CAPABILITIES) -> bytes:
    """The body of a push: (old, new, ref) commands, then the pack."""
    lines = [f"{old} {new} {name}".encode(errors="surrogateescape") for old, new, name in commands]
    lines[0] += b"\0" + capabilities.encode()
    return b"".join(pkt(line) for line in lines) + FLUSH + pack


def pack_of(work: Work, *objects: str) -> bytes:
    """A pack of exactly these objects."""
    packed = work.folder / "packed"
    name = work.git("pack-objects", "-q", str(packed), given="\n".join(objects).encode()).stdout.strip()
    return (work.folder / f"packed-{name}.pack").read_bytes()


def everything(work: Work, tip: str) -> list[str]:
    """Every object that this one leads to."""
    return work.git("rev-list", "--objects", "--no-object-names", tip).stdout.split()

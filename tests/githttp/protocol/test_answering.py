"""The answer's frames: signs of life, reports with and without side bands, and work that fails."""

import threading

import pytest

from framework.gitcore.pkt_line import FLUSH, KEEP_ALIVE, pkt
from framework.githttp.protocol import answering
from framework.githttp.protocol.answering import Output, answer

BANDS = frozenset({"side-band-64k", "report-status"})


def test_a_sign_of_life_while_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "KEEP_ALIVE_SECONDS", 0.01)
    output, seen = Output(BANDS), threading.Event()
    packets = answer(lambda: void(seen.wait()), output, may_speak=lambda: True)
    assert next(packets) == KEEP_ALIVE
    seen.set()
    assert [packet for packet in packets if packet != KEEP_ALIVE] == [FLUSH]


def test_no_sign_of_life_before_everything_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "KEEP_ALIVE_SECONDS", 0.01)
    output, asked = Output(BANDS), threading.Event()

    def may_speak() -> bool:
        asked.set()
        return False

    packets = list(answer(lambda: void(asked.wait()), output, may_speak=may_speak))
    assert packets == [FLUSH]


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        (BANDS, b"\x02stored\n|\x01000eunpack ok\n0000"),
        (BANDS | {"quiet"}, b"\x01000eunpack ok\n0000"),
        (frozenset({"report-status-v2"}), b"000eunpack ok\n0000"),
        (frozenset(), b""),
    ],
)
def test_each_client_is_told_as_it_asked(capabilities: frozenset[str], expected: bytes) -> None:
    output = Output(capabilities)

    def work() -> None:
        output.progress("stored")
        output.report([b"unpack ok"])

    told = b"".join(answer(work, output, may_speak=lambda: True))
    framed = b"".join(pkt(part) for part in expected.split(b"|")) + FLUSH
    assert told == (framed if output.has_bands else expected)


def test_a_failure_that_nobody_expected_cuts_the_answer() -> None:
    output = Output(BANDS)

    def work() -> None:
        output.say("so far")
        raise ZeroDivisionError

    packets = answer(work, output, may_speak=lambda: True)
    with pytest.raises(ZeroDivisionError):
        list(packets)


def void(_answer: object) -> None:
    """Forget it."""

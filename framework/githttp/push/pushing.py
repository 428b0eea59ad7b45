"""A push over HTTP: what it brings becomes a version, then the client hears of each ref."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from framework import config
from framework.accounts.core.account import Account
from framework.errors import HoldfastError, Interrupted
from framework.gitcore.path_policy import explain_twin, quote_path
from framework.gitcore.pkt_line import Received
from framework.githttp.protocol.answering import Output, answer
from framework.githttp.protocol.body import PushBody
from framework.githttp.protocol.commands import PushRequest
from framework.githttp.protocol.ref_statuses import RefStatuses
from framework.githttp.push.receiving import Arrival, PackReceiver
from framework.observability.foreseen import in_a_line, is_foreseen
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.scratch import scratch
from framework.repositories.journal.writer import NotConfirmed
from framework.repositories.write.inventory import PackRefused
from framework.repositories.write.refusals import OutcomeUnknown

RESTARTING = "error: the server is restarting; push again. Nothing of this push was stored."
DATABASE_AWAY = "error: the database does not answer at the moment; push again in a minute. Repeating a push is safe."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Push:
    """A push whose head has been read: who pushes what to where, and the body that holds the rest."""

    access: ProjectAccess
    account: Account
    asked: PushRequest
    body: PushBody
    received: Received


def receive(push: Push) -> Iterator[bytes]:
    """The answer to a `git-receive-pack` request; an accepted push is in the store before its `ok` is sent."""
    output = Output(push.asked.capabilities)
    work = _Work(push, output)
    return answer(work.run, output, may_speak=lambda: push.body.has_ended)


class _Work:
    def __init__(self, push: Push, output: Output) -> None:
        self._push, self._output = push, output
        self._statuses = RefStatuses(push.asked)
        self._twins: list[tuple[str, str]] = []

    def run(self) -> None:
        """Do it all; when the outcome is not known, the answer ends without a report: neither `ok` nor `ng`."""
        with scratch("push") as folder:
            push = self._push
            arrival = Arrival(push.access, push.account, push.body.drain, self._output.progress, keeps_packs=True)
            try:
                receiver = PackReceiver(arrival, self._statuses)
                pack = push.received if push.asked.has_pack else None
                receiver.receive(folder, pack, push.body.announced_bytes)
                self._twins = receiver.twins
            except (OutcomeUnknown, NotConfirmed) as error:
                return self._end_without_report(error.sentence)
            except Interrupted:
                return self._end_without_report(RESTARTING)
            except SQLAlchemyError as failure:
                if not is_foreseen(failure):
                    raise
                log.warning("%s: %s", push.access.repository_id, in_a_line(failure))
                return self._end_without_report(DATABASE_AWAY)
            except HoldfastError as refusal:
                self._refuse_all(refusal)
            finally:
                push.body.drain()
            return self._tell()

    def _end_without_report(self, words: str) -> None:
        self._push.body.drain()
        self._output.say(words)

    def _refuse_all(self, refusal: HoldfastError) -> None:
        if isinstance(refusal, PackRefused):
            self._statuses.unpack = "index-pack failed"
        self._statuses.refuse_all(refusal.sentence)

    def _tell(self) -> None:
        for reason in self._statuses.reasons():
            self._output.say(f"error: {reason}")
        if self._statuses.accepted:
            for name, twin in self._twins:
                self._output.say(f"warning: {quote_path(name)} {explain_twin(name, twin)}")
            self._output.say(f"\n  {config.current().base_url}{self._push.access.path}\n")
        self._output.report(self._statuses.lines())

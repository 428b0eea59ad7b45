"""Celery's file system transport with whole messages: a reader never sees half a file, and one reader gets each."""

import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

WAIT_SECONDS = 0.5
FOLDERS = ("data_folder_in", "data_folder_out", "processed_folder", "control_folder")
"""The transport options that name the broker's folders."""
SETTLED_NS = 3_000_000_000
"""File systems note when a folder changed in steps of up to two seconds: what comes later has another time."""


class Channel(filesystem.Channel):
    """Messages appear by a rename and are taken by a rename, both inside one file system.

    Celery sends to a queue by its name, so no table of bindings is kept (only fan-out needs one): the original's can be
    read half written.
    """

    supports_fanout = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._empty_at: dict[str, int] = {}

    def _put(self, queue: str, payload: dict[str, Any], **_options: Any) -> None:  # type: ignore[override]
        name = f"{time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        draft = Path(self.processed_folder) / f"{name}.draft"
        try:
            draft.write_text(dumps(payload))
            draft.rename(Path(self.data_folder_out) / name)
        except OSError as failure:
            raise ChannelError(f"The message could not be written to {self.data_folder_out}: {failure}") from failure

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message; a folder that has not changed since it held none is not listed again."""
        folder = Path(self.data_folder_in)
        changed_at = folder.stat().st_mtime_ns
        if self._empty_at.get(queue) == changed_at:
            raise Empty
        is_settled = time_ns() - changed_at > SETTLED_NS
        for path in sorted(folder.glob(f"*.{queue}.msg")):
            taken = self._take(path)
            if taken is not None:
                return loads(taken)
        if is_settled:
            self._empty_at[queue] = changed_at
        raise Empty

    def _restore(self, message: Any) -> None:
        """Give back a message that was not acknowledged; if that fails, the outbox sends it again.

        kombu would write it into the system's temporary folder, and nobody would ever look for it there.
        """
        with suppress(OSError, ChannelError):
            super()._restore(message)

    def _take(self, path: Path) -> str | None:
        taken = Path(self.processed_folder) / path.name
        try:
            path.rename(taken)
        except FileNotFoundError:
            return None  # another reader was faster
        text = taken.read_text()
        taken.unlink()
        return text


class Transport(filesystem.Transport):
    """The transport that `framework.celery.broker` names for the folder broker.

    A folder that is away, as a mounted one can be, is a connection that is lost: a worker opens it again until it is
    back. kombu counts only protocol errors as lost connections; any other error ends the worker.
    """

    Channel = Channel
    connection_errors = (*filesystem.Transport.connection_errors, OSError)

    def establish_connection(self) -> Any:
        """Open the broker; its folders exist afterwards.

        Raises:
            OSError: they cannot be made where they should be.
        """
        options = self.client.transport_options  # type: ignore[union-attr] # a transport has its connection
        for option in FOLDERS:
            Path(options[option]).mkdir(parents=True, exist_ok=True)  # type: ignore[index] # and it has options
        return super().establish_connection()

    def drain_events(self, connection: Any, timeout: float | None = None) -> Any:  # type: ignore[override]
        """Wait for a message, half a second at most: a worker looks for the wish to stop between two waits."""
        return super().drain_events(connection, min(timeout or WAIT_SECONDS, WAIT_SECONDS))

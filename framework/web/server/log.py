"""What gunicorn logs: how the server fares."""

from typing import Any

from gunicorn.glogging import Logger


class Log(Logger):  # type: ignore[misc]
    """gunicorn's log without a line for each request: the application writes its own (`observability/requests.py`)."""

    def access(self, *_request: Any) -> None:
        """Write nothing; gunicorn would compose what nobody reads, since its loggers are configured."""

"""What gunicorn logs: how the server fares."""

from typing import Any

from gunicorn.glogging import Logger


class Log(Logger):  # type: ignore[misc]
    """gunicorn's log without a line for each request: the application writes its own."""

    def access(self, *_request: Any) -> None:
        """Write nothing: with `logconfig_dict` gunicorn would compose a line that no handler writes."""

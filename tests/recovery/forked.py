"""The program before `preloaded`: it hands over arguments, variables and terminal, and ends as the command does."""

import json
import os
import signal
import socket
import sys


def main(address: str, arguments: list[str]) -> int:
    """Run the command; a negative status (ended by a signal) becomes a shell's."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    command = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
    socket.send_fds(connection, [json.dumps(command).encode()], [0, 1, 2])
    lines = connection.makefile()
    pid = int(lines.readline())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: os.kill(pid, received))
    status = int(lines.readline())
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

"""A server that answers nobody."""

import socket
import threading


class Silent:
    """A server that takes connections and says nothing, as something that drops packets does; it counts them."""

    def __init__(self, listening: socket.socket) -> None:
        self.port: int = listening.getsockname()[1]
        self.connections: list[socket.socket] = []
        self._listening = listening
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                self.connections.append(self._listening.accept()[0])
            except OSError:
                return

    def end(self) -> None:
        """Close everything."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for connection in self.connections:
            connection.close()

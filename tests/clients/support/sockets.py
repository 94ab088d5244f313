"""What raw clients of both doors have in common."""

import socket

from support.server import PATIENCE_SECONDS


class RawClient:
    """One socket, and what comes back on it as a file."""

    def __init__(self, endpoint):
        self.socket = socket.create_connection(endpoint, timeout=PATIENCE_SECONDS)
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()
        self.socket.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

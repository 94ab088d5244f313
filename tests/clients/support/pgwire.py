"""PostgreSQL's protocol byte by byte, for what no driver would send."""

import base64
import hashlib
import hmac
import os
import struct

from support.sockets import RawClient

PROTOCOL_3_0 = 196608


class PgWire(RawClient):
    """One socket to the PostgreSQL door."""

    def __init__(self, server):
        super().__init__(server.pg_endpoint)

    def send(self, kind, *parts):
        """A message; strings get their terminating zero."""
        body = b"".join(part.encode() + b"\0" if isinstance(part, str) else part for part in parts)
        self.send_bytes(kind + struct.pack("!I", len(body) + 4) + body)

    def startup(self, user="shale", database="shale", version=PROTOCOL_3_0):
        body = struct.pack("!I", version) + f"user\0{user}\0database\0{database}\0\0".encode()
        self.send_bytes(struct.pack("!I", len(body) + 4) + body)

    def login(self, password):
        """SCRAM-SHA-256 up to the server's verdict, without checking the server."""
        kind, body = self.message()
        assert kind == b"R" and body[:4] == struct.pack("!I", 10), (kind, body)
        nonce = base64.b64encode(os.urandom(18)).decode()
        first = f"n=,r={nonce}"
        initial = f"n,,{first}".encode()
        self.send(b"p", "SCRAM-SHA-256", struct.pack("!I", len(initial)) + initial)
        kind, body = self.message()
        assert kind == b"R" and body[:4] == struct.pack("!I", 11), (kind, body)
        server_first = body[4:].decode()
        fields = dict(piece.split("=", 1) for piece in server_first.split(","))
        final = f"c=biws,r={fields['r']}"
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), f"{first},{server_first},{final}".encode(), "sha256")
        proof = bytes(left ^ right for left, right in zip(client_key, signature, strict=True))
        self.send(b"p", f"{final},p={base64.b64encode(proof).decode()}".encode())

    def message(self):
        """The next message as (type, body); None at the end of the connection."""
        head = self.stream.read(5)
        if len(head) < 5:
            return None
        return head[:1], self.stream.read(struct.unpack("!I", head[1:])[0] - 4)

    def messages_until(self, wanted):
        """Messages up to one of a wanted type, or to the end."""
        messages = []
        while (message := self.message()) is not None:
            messages.append(message)
            if message[0] in wanted:
                break
        return messages

    def until_ready(self):
        messages = self.messages_until([b"Z"])
        assert messages and messages[-1][0] == b"Z", messages
        return messages

    def ready(self, **startup):
        """A session of a server without authentication."""
        self.startup(**startup)
        self.until_ready()
        return self

    def error(self):
        """The fields of the next error."""
        messages = self.messages_until([b"E"])
        assert messages and messages[-1][0] == b"E", messages
        return error_fields(messages[-1][1])

    def at_end(self):
        """Whether the server has closed, and said nothing more."""
        try:
            return self.message() is None
        except ConnectionResetError:
            return True


def error_fields(body):
    return {piece[:1].decode(): piece[1:].decode() for piece in body.split(b"\0") if piece}

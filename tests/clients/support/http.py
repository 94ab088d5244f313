"""HTTP byte by byte, for what no SDK would send."""

import json

from support.sockets import RawClient


class Answer:
    """Status, headers (lower case) and body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def exception(self):
        """The exception's name without its namespace."""
        return json.loads(self.body)["__type"].rpartition("#")[2]


class Http(RawClient):
    """One socket to the DynamoDB door."""

    def __init__(self, server):
        super().__init__(server.dynamodb_endpoint)
        self.server = server

    send = RawClient.send_bytes

    def send_head(self, target="DynamoDB_20120810.ListTables", **headers):
        """The head of a POST; a header of None is left out."""
        lines = {"Host": self.server.dynamodb_url.removeprefix("http://"), "X-Amz-Target": target,
                 "Content-Type": "application/x-amz-json-1.0", **{name.replace("_", "-"): value for name, value in headers.items()}}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
        self.send_bytes(f"POST / HTTP/1.1\r\n{head}\r\n".encode("latin-1"))

    def post(self, body, target="DynamoDB_20120810.ListTables", **headers):
        self.send_head(target, **{"Content_Length": len(body), **headers})
        self.send(body)
        return self.answer()

    def answer(self):
        """The next answer; None at the end of the connection."""
        status_line = self.stream.readline()
        if not status_line:
            return None
        status = int(status_line.split()[1])
        headers = {}
        while (line := self.stream.readline().strip()):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Answer(status, headers, self.stream.read(int(headers.get("content-length", 0))))

    def at_end(self):
        """Whether the server has closed, and said nothing more."""
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True

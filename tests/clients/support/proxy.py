"""A proxy between a client and the server that spoils every second answer, as networks and fleets do."""

import http.client
import http.server
import threading

DAMAGES = ("cut off", "500", "wrong checksum")


class Flaky:
    """Forwards requests; every second answer to a POST is spoiled after the server has carried the request out."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.answers = 0
        self.spoiled = 0

    def __enter__(self):
        self.listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *arguments: Forward(self, *arguments))
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}"
        self.thread = threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.thread.join()
        self.listener.server_close()

    def damage(self):
        """What happens to the next answer, if anything."""
        self.answers += 1
        if self.answers % 2 == 0:
            return None
        self.spoiled += 1
        return DAMAGES[self.spoiled % len(DAMAGES)]


class Forward(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, proxy, *arguments):
        self.proxy = proxy
        super().__init__(*arguments)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = http.client.HTTPConnection(*self.proxy.endpoint, timeout=30)
        # Signed for the proxy's name, which --insecure does not look at.
        server.request("POST", "/", body, dict(self.headers))
        answer = server.getresponse()
        content = answer.read()
        server.close()
        damage = self.proxy.damage()
        if damage == "cut off":
            self.close_connection = True
            return
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in ("date", "connection")}
        status = answer.status
        if damage == "500":
            status, content = 500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"spoiled"}'
            headers = {"Content-Length": str(len(content)), "Content-Type": "application/x-amz-json-1.0"}
        if damage == "wrong checksum":
            content = content[:-1] + b" }"
            headers = {**{name: value for name, value in headers.items() if name.lower() != "content-length"},
                       "Content-Length": str(len(content))}
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Quiet."""

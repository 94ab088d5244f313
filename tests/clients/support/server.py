"""Real servers: the binary that SHALE_BINARY names, on free loopback ports, started, stopped and killed."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import urllib.parse
import urllib.request

import boto3
import botocore.config
import psycopg

from support.strict import strict

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("SHALE_BINARY", str(ROOT / "target/debug/shale"))
READY = re.compile(r"ready: (postgresql://\S+@(\S+)/shale) (http://\S+)")
ANY_PORT = "127.0.0.1:0"
# Nothing here takes so long; it ends a test that would wait for ever.
PATIENCE_SECONDS = 60


def environment(**variables):
    """The tests' own environment without any setting of the server's, and with these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SHALE_")}
    return {**inherited, **variables}


def serve_command(directory, *flags, insecure=True, pg_listen=ANY_PORT, dynamodb_listen=ANY_PORT):
    return [BINARY, "serve", "--data-dir", str(directory), "--pg-listen", pg_listen, "--dynamodb-listen", dynamodb_listen,
            "--log", "warn", *(["--insecure"] if insecure else []), *flags]


def shale(*arguments, stdin=None, **variables):
    """Runs the binary to its end."""
    return subprocess.run([BINARY, *arguments], input=stdin or "", capture_output=True, text=True, timeout=PATIENCE_SECONDS,
                          check=False, env=environment(**variables))


def refused(directory, *flags, variables=None, **options):
    """Starts a server that must not start: its one line on stderr."""
    ended = subprocess.run(serve_command(directory, *flags, **options), capture_output=True, text=True, timeout=PATIENCE_SECONDS,
                           check=False, env=environment(**(variables or {})))
    assert ended.returncode == 1, f"code {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    assert ended.stdout == ""
    assert "panicked" not in ended.stderr
    assert ended.stderr.startswith("shale: "), ended.stderr
    return ended.stderr


class Server:
    """A running `shale serve`. `command` replaces the command line, `inside` goes before it."""

    def __init__(self, directory, *flags, variables=None, command=None, inside=(), **options):
        self.directory = pathlib.Path(directory)
        command = [*inside, *(command or serve_command(directory, *flags, **options))]
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.stderr, text=True,
                                        env=environment(**(variables or {})))
        self.ready_line = self.process.stdout.readline()
        match = READY.search(self.ready_line)
        if not match:
            self.kill()
        assert match, f"not ready: {self.ready_line!r}\n{self.errors()}"
        self.address, self.dynamodb_url = match.group(2), match.group(3)

    @property
    def pg_endpoint(self):
        host, port = self.address.rsplit(":", 1)
        return host, int(port)

    @property
    def dynamodb_endpoint(self):
        host, port = self.dynamodb_url.removeprefix("http://").rsplit(":", 1)
        return host, int(port)

    def errors(self):
        """All of stderr so far, read without moving the offset that the process writes at."""
        descriptor = self.stderr.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")

    def pg_url(self, user="shale", password=None, database="shale"):
        secret = f":{urllib.parse.quote(password, safe='')}" if password else ""
        return f"postgresql://{user}{secret}@{self.address}/{database}"

    def connect(self, user="shale", password=None, **parameters):
        return psycopg.connect(self.pg_url(user, password), **{"autocommit": True, **parameters})

    def dynamodb(self, kind="client", service="dynamodb", key="local", secret="local", token=None, region="us-east-1", **config):
        """A client or resource that fails on answers which the API model does not declare."""
        make = boto3.client if kind == "client" else boto3.resource
        made = make(
            service, endpoint_url=self.dynamodb_url, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret,
            aws_session_token=token, config=botocore.config.Config(**{"retries": {"total_max_attempts": 1}, **config}),
        )
        strict(made if kind == "client" else made.meta.client)
        return made

    def streams(self, **config):
        return self.dynamodb(service="dynamodbstreams", **config)

    def psql(self, *arguments, script=None, **variables):
        return subprocess.run(
            ["psql", self.pg_url(), "-X", *arguments], input=script, capture_output=True, text=True, timeout=60, check=False, env=environment(**variables),
        )

    def assert_answers(self):
        """Both doors answer, and it is the process that was started."""
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}\n{self.errors()}"
        with self.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with urllib.request.urlopen(f"{self.dynamodb_url}/health", timeout=PATIENCE_SECONDS) as answer:
            assert answer.status == 200
        assert "TableNames" in self.dynamodb().list_tables()
        assert "panicked" not in self.errors(), self.errors()

    def terminate(self):
        """SIGTERM, as a service manager does, without waiting."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """Its exit code."""
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def stop(self):
        self.terminate()
        return self.wait()

    def kill(self):
        """SIGKILL: whatever the process was doing is cut off."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(directory, *flags, **options):
    server = Server(directory, *flags, **options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()

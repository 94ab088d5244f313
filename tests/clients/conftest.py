"""Real servers for real clients: every fixture starts the binary that SHALE_BINARY names, on free loopback ports."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import boto3
import botocore.config
import psycopg
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SHALE_BINARY", str(ROOT / "target/debug/shale"))
READY = re.compile(r"ready: (postgresql://(\S+)/shale) (http://\S+)")
START_SECONDS = 60


class Server:
    """A running `shale serve`."""

    def __init__(self, directory, *flags, insecure=True, environment=None):
        self.directory = pathlib.Path(directory)
        command = [BINARY, "serve", "--data-dir", str(directory), "--pg-listen", "127.0.0.1:0", "--dynamodb-listen", "127.0.0.1:0",
                   "--log", "warn", *(["--insecure"] if insecure else []), *flags]
        self.stderr = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.stderr, text=True,
            env={**os.environ, **(environment or {})},
        )
        line = self.process.stdout.readline()
        match = READY.search(line)
        assert match, f"not ready: {line!r}\n{self.errors()}"
        self.address, self.dynamodb_url = match.group(2), match.group(3)

    def errors(self):
        self.stderr.seek(0)
        return self.stderr.read()

    def pg_url(self, user="shale", password=None, database="shale"):
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@{self.address}/{database}"

    def connect(self, **parameters):
        return psycopg.connect(self.pg_url(), autocommit=True, **parameters)

    def dynamodb(self, kind="client", key="local", secret="local", **config):
        make = boto3.client if kind == "client" else boto3.resource
        return make(
            "dynamodb", endpoint_url=self.dynamodb_url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,
            config=botocore.config.Config(**{"retries": {"max_attempts": 0}, **config}),
        )

    def psql(self, *arguments, script=None):
        return subprocess.run(
            ["psql", self.pg_url(), "-X", *arguments], input=script, capture_output=True, text=True, timeout=60, check=False,
        )

    def stop(self):
        """SIGTERM, as a service manager does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self):
        """SIGKILL, as a power cut does."""
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


@pytest.fixture(scope="module")
def server():
    """One server without authentication for the tests of a file."""
    directory = tempfile.mkdtemp()
    with running(directory) as started:
        yield started
    shutil.rmtree(directory)


@pytest.fixture
def pg(server):
    with server.connect() as connection:
        yield connection


@pytest.fixture
def dynamodb(server):
    return server.dynamodb()

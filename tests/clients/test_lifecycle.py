"""Starting, stopping and the ways in which a disk, a port, a directory or a client fails."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import urllib.request

import botocore.exceptions
import psycopg
import pytest

from support import small_disk
from support.http import Http
from support.pgwire import PgWire, error_fields
from support.server import PATIENCE_SECONDS, refused, running, serve_command
from support.small_disk import running_on_small_disk

ROOT_ONLY_READS = os.geteuid() == 0


def wait_until(condition):
    """Looks until it holds: for what the server tells nobody. The test's patience ends it."""
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come true")


def listens(endpoint):
    with socket.socket() as probe:
        return probe.connect_ex(endpoint) == 0


def wait_until_draining(server):
    """After SIGTERM: both doors are shut for newcomers."""
    wait_until(lambda: not listens(server.pg_endpoint) and not listens(server.dynamodb_endpoint))


def items_of(server, table):
    pages = server.dynamodb().get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


# Starting.

def test_exactly_one_line_on_stdout(tmp_path):
    """The ready line, and nothing else over a whole life."""
    with running(tmp_path) as server:
        server.assert_answers()
        assert server.stop() == 0
        assert server.ready_line.startswith("shale ") and server.ready_line.endswith("\n")
        assert server.process.stdout.read() == ""


def test_health(tmp_path):
    """GET and HEAD of /health answer 200; other paths 404."""
    with running(tmp_path) as server:
        for method in ("GET", "HEAD"):
            with urllib.request.urlopen(urllib.request.Request(f"{server.dynamodb_url}/health", method=method)) as answer:
                assert answer.status == 200
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{server.dynamodb_url}/nothing")


def test_a_second_process_on_the_directory_is_refused_and_the_first_unharmed(tmp_path):
    with running(tmp_path) as first:
        with first.connect() as pg:
            pg.execute("CREATE TABLE kept (id int PRIMARY KEY)")
            pg.execute("INSERT INTO kept VALUES (1)")
            error = refused(tmp_path)
            assert str(tmp_path) in error and "is in use by another process" in error
            pg.execute("INSERT INTO kept VALUES (2)")
        # The admin socket is still the first one's.
        assert subprocess.run([serve_command("x")[0], "user", "list", "--data-dir", tmp_path], capture_output=True, text=True,
                              check=True).stdout == "shale\n"
        first.assert_answers()
        assert first.stop() == 0
    with running(tmp_path) as again, again.connect() as pg:
        assert pg.execute("SELECT count(*) FROM kept").fetchone() == (2,)


@pytest.mark.parametrize(("option", "flag"), [("pg_listen", "--pg-listen"), ("dynamodb_listen", "--dynamodb-listen")])
def test_a_port_in_use_is_named(tmp_path, option, flag):
    """Before the database is opened or made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        error = refused(tmp_path / "data", **{option: address})
    assert f"cannot listen on {address}: Address already in use" in error and flag in error
    assert not (tmp_path / "data" / "log").exists()


def test_a_data_directory_that_is_a_file_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_text("mine")
    error = refused(path)
    assert str(path) in error and "not a directory" in error.lower()
    assert path.read_text() == "mine"


@pytest.mark.parametrize("below", ["data", "data/deeper"])
def test_a_data_directory_that_cannot_be_made_is_named(tmp_path, below):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "deeper").symlink_to("/proc/nowhere/data")
    path = tmp_path / below if below != "data" else pathlib.Path("/proc/shale")
    assert str(path) in refused(path)


@pytest.mark.skipif(ROOT_ONLY_READS and not shutil.which("setpriv"), reason="root reads everything, and there is no setpriv")
def test_an_unreadable_data_directory_is_named(tmp_path):
    """As a user whom the directory's permissions keep out."""
    directory = tmp_path / "data"
    with running(directory) as server:
        server.stop()
    directory.chmod(0o000)
    # Without the capabilities that let root pass over permissions.
    inside = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if ROOT_ONLY_READS else []
    try:
        ended = subprocess.run([*inside, *serve_command(directory)], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    finally:
        directory.chmod(0o700)
    assert ended.returncode == 1 and ended.stdout == ""
    assert str(directory) in ended.stderr and "Permission denied" in ended.stderr
    with running(directory) as server:
        server.assert_answers()


def written_database(directory):
    with running(directory) as server:
        with server.connect() as pg:
            pg.execute("CREATE TABLE kept (id int PRIMARY KEY, t text)")
            for n in range(50):
                pg.execute("INSERT INTO kept VALUES (%s, %s)", [n, "x" * 500])
        # No flush: what the log holds is nowhere else.
        server.kill()
    [segment] = sorted((directory / "log").glob("*.log"))
    return segment


def test_a_log_damaged_before_its_end_is_refused_with_the_place(tmp_path):
    """Acknowledged writes lie behind the damage: starting without them would lose them silently."""
    segment = written_database(tmp_path)
    content = bytearray(segment.read_bytes())
    at = content.rindex(b"x" * 500, 0, content.rindex(b"x" * 500) - 4096)
    content[at + 7] ^= 0x40
    segment.write_bytes(content)
    for _ in range(2):
        error = refused(tmp_path)
        assert segment.name in error and "commit log" in error, error
    content[at + 7] ^= 0x40
    segment.write_bytes(content)
    with running(tmp_path) as server, server.connect() as pg:
        assert pg.execute("SELECT count(*) FROM kept").fetchone() == (50,)


def test_a_log_of_nonsense_is_refused(tmp_path):
    segment = written_database(tmp_path)
    segment.write_bytes(b"nonsense" * 4096)
    assert segment.name in refused(tmp_path)


def test_a_missing_log_is_refused(tmp_path):
    """Trees that are ahead of their log: it was lost."""
    with running(tmp_path) as server:
        with server.connect() as pg:
            pg.execute("CREATE TABLE kept (id int PRIMARY KEY)")
        assert server.stop() == 0
    shutil.rmtree(tmp_path / "log")
    error = refused(tmp_path)
    assert "log" in error and str(tmp_path) in error


def test_a_database_of_another_format_is_refused(tmp_path):
    with running(tmp_path) as server:
        server.stop()
    (tmp_path / "FORMAT").write_text("shale 999\n")
    assert "FORMAT" in refused(tmp_path) or "format" in refused(tmp_path)


def test_a_torn_end_of_the_log_is_cut(tmp_path):
    """Zeros over the last write: what a power cut leaves of a write that was never acknowledged."""
    segment = written_database(tmp_path)
    content = bytearray(segment.read_bytes())
    at = content.rindex(b"x" * 500)
    content[at:at + 500] = bytes(500)
    segment.write_bytes(content)
    with running(tmp_path) as server, server.connect() as pg:
        assert pg.execute("SELECT count(*) FROM kept").fetchone() == (49,)


# Stopping.

@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_idle_connections_are_told_and_the_server_exits_0(tmp_path, stop_signal):
    """57P01 to idle sessions, end of stream to idle HTTP connections and to sockets that never said anything."""
    with running(tmp_path) as server:
        with PgWire(server) as idle, Http(server) as http, Http(server) as silent_http, PgWire(server) as silent:
            idle.ready()
            assert http.post(b"{}").status == 200
            server.process.send_signal(stop_signal)
            assert server.wait() == 0
            error = idle.error()
            assert (error["S"], error["C"]) == ("FATAL", "57P01")
            assert idle.at_end() and http.at_end() and silent_http.at_end()
            assert silent.error()["C"] == "57P03"
        assert not (tmp_path / "admin.sock").exists()


def test_work_in_flight_is_finished(tmp_path):
    """After SIGTERM nobody new gets in, but a request half-read, a COPY under way and an open Sync are answered, and their writes are kept."""
    with running(tmp_path) as server:
        with server.connect() as pg:
            pg.execute("CREATE TABLE kept (id text PRIMARY KEY)")
        with Http(server) as http, PgWire(server) as copy, PgWire(server) as extended:
            body = b'{"TableName": "kept", "Item": {"id": {"S": "http"}}}'
            http.send_head("DynamoDB_20120810.PutItem", Content_Length=len(body), Expect="100-continue")
            assert http.answer().status == 100
            copy.ready().send(b"Q", "COPY kept FROM STDIN")
            assert copy.message()[0] == b"G"
            extended.ready()
            extended.send(b"P", "", "INSERT INTO kept VALUES ('extended')", b"\0\0")
            extended.send(b"B", "", "", b"\0\0\0\0\0\0")
            extended.send(b"E", "", b"\0\0\0\0")
            extended.send(b"H")
            assert extended.messages_until([b"C"])[-1] == (b"C", b"INSERT 0 1\0")
            server.terminate()
            wait_until_draining(server)
            http.send(body)
            answer = http.answer()
            assert (answer.status, answer.body) == (200, b"{}")
            assert http.at_end()
            copy.send(b"d", b"copied\n")
            copy.send(b"c")
            assert copy.messages_until([b"Z"])[0] == (b"C", b"COPY 1\0")
            assert copy.error()["C"] == "57P01"
            extended.send(b"S")
            assert extended.messages_until([b"Z"]) == [(b"Z", b"I")]
            assert extended.error()["C"] == "57P01"
            assert server.wait() == 0
    with running(tmp_path) as server:
        assert sorted(item["id"]["S"] for item in items_of(server, "kept")) == ["copied", "extended", "http"]


CROSS = "numbers a, numbers b, numbers c, numbers d"


def test_statements_that_would_run_for_ever_do_not_keep_the_server(tmp_path):
    """One that sends rows, one whose client does not read, one that computes: they have the grace period, then they are stopped, with
    57P01 where the client reads; exit code 0.
    """
    with running(tmp_path) as server:
        with server.connect() as pg:
            pg.execute("CREATE TABLE numbers (n int PRIMARY KEY)")
            with pg.cursor().copy("COPY numbers FROM STDIN") as copy:
                for n in range(2000):
                    copy.write_row([n])
        with PgWire(server) as reader, PgWire(server) as sleeper, PgWire(server) as computer:
            for wire in (reader, sleeper):
                wire.ready().send(b"Q", f"SELECT a.n, b.n FROM {CROSS}")
                assert [wire.message()[0] for _ in range(3)] == [b"T", b"D", b"D"]
            # The others' rows do not count: nobody reads them, so they have come to a stop.
            wait_until(lambda: is_at_rest(server))
            computer.ready().send(b"Q", f"SELECT count(*) FROM {CROSS} WHERE a.n + b.n + c.n + d.n = 7")
            before = cpu_seconds(server)
            wait_until(lambda: cpu_seconds(server) > before + 1)
            server.terminate()
            assert error_fields(reader.messages_until([b"E"])[-1][1])["C"] == "57P01"
            assert server.wait() == 0


def is_at_rest(server):
    before = cpu_seconds(server)
    threading.Event().wait(0.2)
    return cpu_seconds(server) == before


def cpu_seconds(server):
    """What the process has computed."""
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_sigterm_at_once_after_the_ready_line(tmp_path):
    """Who has read the line may stop the server: it drains and exits 0, however early that is."""
    for _ in range(3):
        with running(tmp_path) as server:
            assert server.stop() == 0


# Clients that fail.

def test_half_open_connections_take_nothing_from_others(tmp_path):
    """Sockets that connect and say nothing, or stop in the middle of a word, are in nobody's way."""
    with running(tmp_path, "--max-pg-connections", "5") as server, contextlib.ExitStack() as sockets:
        for n in range(50):
            pg, http = sockets.enter_context(PgWire(server)), sockets.enter_context(Http(server))
            pg.send_bytes(b"\0\0\0\x30\0\x03\0\0user\0"[: n % 13])
            http.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"[: n])
        server.assert_answers()


@pytest.mark.parametrize("farewell", ["close", "reset", "half message"])
def test_a_client_that_vanishes_in_a_copy_leaves_no_session_behind(tmp_path, farewell):
    """Its place among the connections is free again, and what its COPY had sent is not there."""
    with running(tmp_path, "--max-pg-connections", "1") as server:
        server.dynamodb().create_table(
            TableName="copied", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
        wire = PgWire(server).ready()
        wire.send(b"Q", "COPY copied FROM STDIN")
        assert wire.message()[0] == b"G"
        wire.send(b"d", b"1\n2\n3\n")
        if farewell == "half message":
            wire.send_bytes(b"d\0\0\1\0half")
        if farewell == "reset":
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wire.close()

        def place_is_free():
            with contextlib.suppress(psycopg.OperationalError), server.connect():
                return True
            return False

        wait_until(place_is_free)
        wait_until(lambda: items_of(server, "copied") == [])
        server.assert_answers()


def test_connections_beyond_the_limit_are_told_and_cancel_requests_still_get_in(tmp_path):
    """53300, and the connections that are there go on; a place that becomes free is taken by the next."""
    with running(tmp_path, "--max-pg-connections", "2") as server:
        first, second = PgWire(server).ready(), PgWire(server).ready()
        with PgWire(server) as third:
            third.startup()
            error = third.error()
            assert (error["S"], error["C"], error["M"]) == ("FATAL", "53300", "sorry, too many clients already")
            assert third.at_end()
        second.send(b"Q", "SELECT 1")
        assert second.until_ready()[-1] == (b"Z", b"I")
        second.send(b"X")
        assert second.at_end()
        first.close()

        def next_one_gets_in():
            with PgWire(server) as wire:
                wire.startup()
                return wire.messages_until([b"Z", b"E"])[-1][0] == b"Z"

        wait_until(next_one_gets_in)


# A full disk.

@pytest.fixture(scope="module")
def small_disk_or_skip():
    reason = small_disk.why_not()
    if reason:
        pytest.skip(f"no small file system can be mounted here: {reason}")


# Room for some segments of the log, of 32 MiB each, and for what is flushed.
DISK_MEBIBYTES = 256
# First long ones, so that few are enough to use up a segment; then a short one would still fit.
BODY_BYTES = (350_000, 30_000, 300)


class Writes:
    """Writes through both doors in turn and remembers which were acknowledged."""

    def __init__(self, server):
        self.use(server)
        self.acknowledged = {}
        self.count = 0

    def use(self, server):
        self.pg, self.dynamodb = server.connect(), server.dynamodb()

    def insert(self, key, length):
        self.pg.execute("INSERT INTO kept VALUES (%s, %s)", [key, "x" * length])

    def put_item(self, key, length):
        self.dynamodb.put_item(TableName="kept", Item={"id": {"S": key}, "body": {"S": "x" * length}})

    def write(self, door, length=300):
        self.count += 1
        key = f"{door.__name__}-{self.count}"
        door(key, length)
        self.acknowledged[key] = length

    def both(self, times):
        for _ in range(times):
            self.write(self.insert)
            self.write(self.put_item)

    def until_refused(self):
        """Writes on until both doors refuse even short ones; each in its own words."""
        for length in BODY_BYTES:
            with pytest.raises(psycopg.errors.DiskFull, match="No space left on device"):
                while True:
                    self.write(self.insert, length)
            with pytest.raises(botocore.exceptions.ClientError) as caught:
                while True:
                    self.write(self.put_item, length)
        response = caught.value.response
        assert response["Error"]["Code"] == "ServiceUnavailableException" and "space" in response["Error"]["Message"]
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 503

    def is_accepted(self):
        with contextlib.suppress(psycopg.errors.DiskFull):
            self.write(self.insert)
            return True
        return False

    def check(self, when):
        """Both doors read; everything acknowledged is there and nothing that was refused."""
        rows = self.pg.execute("SELECT id, length(body) FROM kept").fetchall()
        assert dict(rows) == self.acknowledged, when
        for key in sorted(self.acknowledged)[::20]:
            assert self.dynamodb.get_item(TableName="kept", Key={"id": {"S": key}})["Item"]["body"]["S"] == "x" * self.acknowledged[key], when


@pytest.mark.usefixtures("small_disk_or_skip")
@pytest.mark.parametrize("write_memory_mib", [1, 128])
def test_a_full_disk_refuses_writes_and_nothing_else(tmp_path, write_memory_mib):
    """Both doors say so in their own words; reads go on; with space again writes work without a restart; nothing acknowledged is lost,
    nothing refused appears. With little memory for writes it is a flush that meets the full disk first, with much it is the log.
    """
    flags = ("--write-memory-mib", str(write_memory_mib))
    with running_on_small_disk(tmp_path, DISK_MEBIBYTES, *flags) as (server, disk):
        with server.connect() as pg:
            pg.execute("CREATE TABLE kept (id text PRIMARY KEY, body text)")
        writes = Writes(server)
        writes.both(3)
        disk.fill()
        for _ in range(3):
            writes.until_refused()
        with pytest.raises(psycopg.errors.DiskFull):
            writes.pg.execute("CREATE TABLE refused (id int PRIMARY KEY)")
        with pytest.raises(psycopg.errors.DiskFull):
            writes.pg.execute("DELETE FROM kept WHERE id = 'insert-1'")
        writes.check("disk full")
        disk.free()
        wait_until(writes.is_accepted)
        writes.both(10)
        writes.check("space again")
        disk.fill()
        writes.until_refused()
        writes.check("full again")
        server.assert_answers()
        server.kill()
        disk.free()
        with running(disk.path, *flags) as again:
            writes.use(again)
            writes.check("after a crash on the full disk")
            writes.both(3)
            assert again.stop() == 0
        with running(disk.path, *flags) as again:
            writes.use(again)
            writes.check("after a stop in order")


@pytest.mark.usefixtures("small_disk_or_skip")
def test_a_start_on_a_full_disk_reads(tmp_path):
    """A crash on a full disk and a start before there is space: the data can be read, writes are refused until there is space."""
    with running_on_small_disk(tmp_path, DISK_MEBIBYTES) as (server, disk):
        with server.connect() as pg:
            pg.execute("CREATE TABLE kept (id text PRIMARY KEY, body text)")
        writes = Writes(server)
        writes.both(3)
        disk.fill()
        writes.until_refused()
        server.kill()
        with running(disk.path) as again:
            writes.use(again)
            writes.check("started on a full disk")
            disk.free()
            wait_until(writes.is_accepted)
            writes.check("space again")
            assert again.stop() == 0

"""Whatever comes in over a socket gets a specific error, and the server goes on: the same process, both doors, no memory taken by promises."""

import json
import pathlib
import random
import socket
import struct

import h2.config
import h2.connection
import h2.events
import psycopg
import pytest

from support.http import Http
from support.pgwire import PgWire, error_fields
from support.server import running

MIB = 1 << 20
PUT = "DynamoDB_20120810.PutItem"
GET = "DynamoDB_20120810.GetItem"


@pytest.fixture(scope="module", autouse=True)
def table(server):
    with server.connect() as connection:
        connection.execute("CREATE TABLE known (id text PRIMARY KEY, n int)")
        connection.execute("INSERT INTO known VALUES ('a', 1)")


@pytest.fixture(autouse=True)
def _still_answers(server, table):
    """After every test: same process, no panic, both doors answer, and the data is what it was."""
    yield
    server.assert_answers()
    with server.connect() as connection:
        assert connection.execute("SELECT id, n FROM known").fetchall() == [("a", 1)]


@pytest.fixture
def http(server):
    with Http(server) as connection:
        yield connection


@pytest.fixture
def wire(server):
    with PgWire(server) as connection:
        yield connection


def resident_bytes(server):
    pages = pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def item(value):
    return b'{"TableName": "known", "Item": {"id": {"S": "b"}, "v": ' + value + b"}}"


def nested(depth, kind):
    opening, closing, inner = {"L": (b'{"L": [', b"]}", b'{"S": "x"}'), "M": (b'{"M": {"a": ', b"}}", b'{"S": "x"}')}[kind]
    return opening * depth + inner + closing * depth


# The DynamoDB door.

@pytest.mark.parametrize(("body", "exception"), [
    # Deeper than an item may be, and far deeper than JSON is read.
    (item(nested(33, "L")), "ValidationException"),
    (item(nested(1_000, "L")), "SerializationException"),
    (item(nested(1_000, "M")), "SerializationException"),
    (item(nested(100_000, "L")), "SerializationException"),
    (b"[" * 1_000 + b"]" * 1_000, "SerializationException"),
    (b"[" * 1_000_000, "SerializationException"),
    (b'{"a":' * 1_000_000, "SerializationException"),
    (item(b'{"S": "\xff\xfe"}'), "SerializationException"),
    (item(b'{"S": "\xed\xa0\x80"}'), "SerializationException"),
    (item(b'{"S": "\\ud800"}'), "SerializationException"),
    (item(b'{"S": "a\x01b"}'), "SerializationException"),
    (item(b'{"N": "' + b"9" * 1_000_000 + b'"}'), "ValidationException"),
    (item(b'{"N": "1e999999999999999999"}'), "ValidationException"),
    (item(b'{"B": "not base64!"}'), "SerializationException"),
    (item(b'{"S": "x", "N": "1"}'), "ValidationException"),
    (item(b"{}"), "ValidationException"),
    (item(b'{"Q": "x"}'), "ValidationException"),
    (item(b'{"S": 1}'), "SerializationException"),
    (b"", "SerializationException"),
    (b"{", "SerializationException"),
    (b"null", "SerializationException"),
    (b"\x00" * 1_000, "SerializationException"),
    (random.Random(1).randbytes(100_000), "SerializationException"),
    (b'{"TableName": "known"', "SerializationException"),
    (b'{"TableName": "known", "TableName": "known", "Item": {}}', "SerializationException"),
    (item(b'{"S": "x"}') + b"trailing", "SerializationException"),
])
def test_bodies_that_are_no_requests(http, body, exception):
    """HTTP 400 and DynamoDB's exception, and the same connection goes on."""
    answer = http.post(body, PUT)
    assert (answer.status, answer.exception) == (400, exception), answer.body
    said = json.loads(answer.body)
    assert said.get("message") or said.get("Message")
    assert answer.headers["x-amzn-requestid"] and answer.headers["x-amz-crc32"]
    assert http.post(b"{}").status == 200


@pytest.mark.parametrize("parameter", ["ConditionExpression", "ProjectionExpression"])
@pytest.mark.parametrize("text", ["(" * 1_000 + "a" + ")" * 1_000, "NOT " * 10_000 + "a = :v", "a" + "[0]" * 10_000, "a." * 10_000 + "a",
                                  "\0", "a = = b", "attribute_exists(" * 1_000, "🚀" * 1_000])
def test_expressions_that_are_none(http, parameter, text):
    target = PUT if parameter == "ConditionExpression" else GET
    what = {"Item" if target == PUT else "Key": {"id": {"S": "b"}}}
    answer = http.post(json.dumps({"TableName": "known", parameter: text, **what}).encode(), target)
    assert (answer.status, answer.exception) == (400, "ValidationException"), answer.body
    assert f"Invalid {parameter}" in json.loads(answer.body)["message"]


def test_a_body_of_50_megabytes(server, http):
    """413 by its announced length or by counting, without keeping it; a refused sender need not send it all."""
    before = resident_bytes(server)
    answer = http.post(b'{"TableName": "' + b"x" * (50 * MIB) + b'"}')
    assert (answer.status, answer.exception) == (413, "RequestEntityTooLargeException")
    with Http(server) as chunked:
        chunked.send_head(Transfer_Encoding="chunked")
        piece = b"%x\r\n" % MIB + b"x" * MIB + b"\r\n"
        for _ in range(50):
            chunked.send(piece)
        chunked.send(b"0\r\n\r\n")
        answer = chunked.answer()
        assert (answer.status, answer.exception) == (413, "RequestEntityTooLargeException")
    assert resident_bytes(server) < before + 100 * MIB


def test_promised_bodies_take_no_memory(server):
    """Many requests that announce the largest body and send nothing of it."""
    before = resident_bytes(server)
    connections = [Http(server) for _ in range(100)]
    for connection in connections:
        connection.send_head(Content_Length=16 * MIB)
        connection.send(b"{")
    server.assert_answers()
    assert resident_bytes(server) < before + 100 * MIB
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(("target", "words"), [
    ("DynamoDB_20120810.Nonsense", "Nonsense"), ("nonsense", "nonsense"), ("", ""), (None, "X-Amz-Target"), ("DynamoDB_20120810.", ""),
    ("DynamoDB_20111205.ListTables", "DynamoDB_20111205"), ("x" * 10_000, "xxx"), ("DynamoDB_20120810.Restore\xe9", ""),
])
def test_unknown_targets(http, target, words):
    answer = http.post(b"{}", target)
    assert (answer.status, answer.exception) == (400, "UnknownOperationException")
    assert words in answer.body.decode()
    assert http.post(b"{}").status == 200


@pytest.mark.parametrize("data", [
    random.Random(2).randbytes(10_000),
    b"\0" * 10_000,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    b"GET\r\n\r\n",
    b"POST / HTTP/9.9\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
    b"POST / HTTP/1.1\r\nx: \0\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + b"x: y\r\n" * 10_000 + b"\r\n",
    b"POST / HTTP/1.1\r\nx: " + b"y" * MIB + b"\r\n\r\n",
    b"POST /" + b"y" * MIB + b" HTTP/1.1\r\n\r\n",
])
def test_bytes_that_are_not_http(http, data):
    """A 4xx at most and the end of the connection, never an answer of the database."""
    try:
        http.send(data)
        http.socket.shutdown(socket.SHUT_WR)
        answer = http.answer()
    except OSError:
        # Cut off while we were still sending.
        return
    assert answer is None or 400 <= answer.status < 500
    assert http.at_end()


def test_a_chunked_body_that_is_none(http):
    http.send_head(Transfer_Encoding="chunked")
    http.send(b"not a chunk\r\n")
    answer = http.answer()
    assert answer.status == 400
    assert http.at_end()


@pytest.mark.parametrize("difference", [-1, 1])
def test_a_wrong_content_length(http, difference):
    """A byte too few: the body is cut and no JSON. A byte too many: the body never ends; the connection is cut without a write."""
    body = item(b'{"S": "x"}')
    http.send_head(PUT, Content_Length=len(body) + difference)
    http.send(body)
    http.socket.shutdown(socket.SHUT_WR)
    answer = http.answer()
    assert answer is None or (answer.status, answer.exception) == (400, "SerializationException")


def test_truncated_requests_write_nothing(server):
    """A PutItem cut at any of many places, the connection closed or reset there, is no PutItem."""
    body = item(b'{"S": "x"}')
    whole = b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: " + PUT.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    for length in range(0, len(whole), 5):
        with Http(server) as cut:
            cut.send(whole[:length])
            if length % 2:
                cut.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Http2:
    """HTTP/2 with prior knowledge over one socket."""

    def __init__(self, server):
        self.server = server
        self.socket = socket.create_connection(server.dynamodb_endpoint, timeout=60)
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.connection.initiate_connection()

    def request(self, body, target, **more):
        stream = self.connection.get_next_available_stream_id()
        headers = {":method": "POST", ":path": "/", ":scheme": "http", ":authority": "localhost", "x-amz-target": target, **more}
        self.connection.send_headers(stream, list(headers.items()))
        self.connection.send_data(stream, body, end_stream=True)
        self.socket.sendall(self.connection.data_to_send())
        return stream

    def answers(self, streams):
        """Status and body of each of these streams, however they come mixed."""
        status, bodies, open_streams = {}, dict.fromkeys(streams, b""), set(streams)
        while open_streams:
            data = self.socket.recv(1 << 16)
            assert data, "the server closed"
            for event in self.connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    status[event.stream_id] = int(dict(event.headers)[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data
                    self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    open_streams.discard(event.stream_id)
            self.socket.sendall(self.connection.data_to_send())
        return [(status[stream], json.loads(bodies[stream])) for stream in streams]


def test_http2_with_prior_knowledge(server):
    """Requests of one connection at a time, good ones and bad ones, each get their own answer."""
    connection = Http2(server)
    good = json.dumps({"TableName": "known", "Key": {"id": {"S": "a"}}}).encode()
    streams = []
    for _ in range(10):
        streams += [connection.request(good, GET), connection.request(b"{", GET), connection.request(b"{}", "nonsense")]
    answers = connection.answers(streams)
    assert answers[0::3] == [(200, {"Item": {"id": {"S": "a"}, "n": {"N": "1"}}})] * 10
    assert [(status, body["__type"].rpartition("#")[2]) for status, body in answers[1::3]] == [(400, "SerializationException")] * 10
    assert [(status, body["__type"].rpartition("#")[2]) for status, body in answers[2::3]] == [(400, "UnknownOperationException")] * 10


@pytest.mark.parametrize("after_preface", [
    b"", b"garbage that is no frame" * 100, struct.pack("!I", 0xffffff00 | 0x04)[:4] + bytes(5), bytes(9) * 100,
    # A SETTINGS frame of the wrong length, a HEADERS frame of nonsense, a WINDOW_UPDATE that overflows.
    b"\0\0\1\4\0\0\0\0\0x", b"\0\0\4\1\5\0\0\0\1\xff\xff\xff\xff", b"\0\0\4\x08\0\0\0\0\0\x7f\xff\xff\xff" * 2,
])
def test_broken_http2(server, after_preface):
    with Http(server) as http:
        http.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + after_preface)
        http.socket.shutdown(socket.SHUT_WR)
        # Frames of the server's may come; then the end.
        try:
            while http.stream.read(1 << 16):
                pass
        except ConnectionResetError:
            pass


# The PostgreSQL door.

def startup(body, length=None):
    return struct.pack("!I", len(body) + 4 if length is None else length) + body


@pytest.mark.parametrize(("data", "sqlstate"), [
    (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "08P01"),
    (random.Random(3).randbytes(5_000).replace(b"\0", b"\1"), "08P01"),
    (startup(b"", 0xffffffff), "08P01"),
    (startup(b"", 0x7fffffff), "08P01"),
    (startup(b"", 3), "08P01"),
    (startup(struct.pack("!I", 2 << 16) + b"user\0x\0\0"), "0A000"),
    (startup(struct.pack("!I", 4 << 16) + b"user\0x\0\0"), "0A000"),
    (startup(struct.pack("!I", 3 << 16) + b"user\0x"), "08P01"),
    (startup(struct.pack("!I", 3 << 16) + b"user\0\0\0"), "28000"),
    (startup(struct.pack("!I", 3 << 16) + b"database\0shale\0\0"), "28000"),
    (startup(struct.pack("!I", 3 << 16) + b"user\0x\0database\0none\0\0"), "3D000"),
    (startup(struct.pack("!I", 3 << 16) + b"user\0x\0database\0shale\0nonsense\0y\0\0"), "42704"),
    (startup(struct.pack("!I", 3 << 16) + b"user\0x\0database\0shale\0client_encoding\0klingon\0\0"), "22023"),
    (startup(struct.pack("!I", 3 << 16) + b"user\0x\0database\0shale\0replication\0true\0\0"), "0A000"),
])
def test_startup_packets_that_are_none(wire, data, sqlstate):
    """FATAL with PostgreSQL's code, then the end of the connection."""
    wire.send_bytes(data)
    error = wire.error()
    assert (error["S"], error["C"]) == ("FATAL", sqlstate), error
    assert wire.at_end()


def test_wrong_cancel_requests_are_ignored(wire):
    wire.send_bytes(struct.pack("!IIII", 16, 80877102, 1, 12345))
    assert wire.at_end()


@pytest.mark.parametrize(("data", "sqlstate"), [
    (b"Q" + struct.pack("!I", 0xffffffff), "08P01"),
    (b"Q" + struct.pack("!I", 0x7fffffff), "08P01"),
    (b"Q" + struct.pack("!I", 3), "08P01"),
    (b"S" + struct.pack("!I", 1_000_000), "08P01"),
    (b"z" + struct.pack("!I", 4), "08P01"),
    (b"\0" + struct.pack("!I", 4), "08P01"),
    (b"\xff" * 1_000, "08P01"),
])
def test_frames_that_cannot_be_followed_end_the_connection(wire, data, sqlstate):
    wire.ready().send_bytes(data)
    error = wire.error()
    assert (error["S"], error["C"]) == ("FATAL", sqlstate), error
    assert wire.at_end()


def test_promised_messages_take_no_memory(server):
    """Many sessions that announce the longest message and send nothing of it."""
    before = resident_bytes(server)
    wires = [PgWire(server).ready() for _ in range(50)]
    for wire in wires:
        wire.send_bytes(b"Q" + struct.pack("!I", 60 * MIB) + b"SELECT")
    server.assert_answers()
    assert resident_bytes(server) < before + 100 * MIB
    for wire in wires:
        wire.close()


def test_a_large_parameter_that_is_named_often_is_refused(server):
    """One value of 8 MB in 100 places would be 800 MB."""
    before = resident_bytes(server)
    conditions = " OR ".join(["n > 1 AND id > %(v)s"] * 100)
    with server.connect() as connection, pytest.raises(psycopg.errors.ProgramLimitExceeded, match="values of the statement"):
        connection.execute(f"SELECT id FROM known WHERE {conditions}", {"v": "x" * (8 * MIB)})
    assert resident_bytes(server) < before + 500 * MIB


@pytest.mark.parametrize(("kind", "parts", "sqlstate"), [
    (b"Q", [b"SELECT 1"], "08P01"),
    (b"Q", [b"SELECT 1\0SELECT 2\0"], "08P01"),
    (b"Q", [b"SELECT '\xff\xfe'\0"], "22021"),
    (b"Q", [b"SELECT '\xed\xa0\x80'\0"], "22021"),
    (b"Q", ["SELECT " + "(" * 1_000 + "1" + ")" * 1_000], "54000"),
    (b"Q", ["SELECT " + "(" * 1_000_000], "54000"),
    (b"Q", ["SELECT " + "NOT " * 100_000 + "true"], "54000"),
    (b"Q", ["SELECT " + "- " * 100_000 + "1"], "54000"),
    (b"Q", ["SELECT 1" + " + 1" * 100_000], "54000"),
    (b"Q", ["SELECT * FROM " + "(SELECT * FROM " * 1_000 + "known" + ") x" * 1_000], "54000"),
    (b"Q", ["SELECT " + "ARRAY[" * 1_000 + "1" + "]" * 1_000], "54000"),
    # Alternatives at each level: exponential, if they were all tried.
    (b"Q", ["SELECT " + "ARRAY[" * 60 + "!" + "]" * 60], "54000"),
    (b"Q", ["EXPLAIN " * 1_000 + "SELECT 1"], "42601"),
    (b"Q", ["PREPARE x AS " * 1_000 + "SELECT 1"], "42601"),
    (b"Q", ["SELECT 1" + "::int" * 100_000], "54000"),
    (b"Q", ["SELECT " + "CASE WHEN true THEN " * 1_000 + "1" + " END" * 1_000], "54000"),
    (b"Q", ["SELECT * FROM known WHERE id = 'a'" + " UNION SELECT * FROM known" * 5_000], "54000"),
    (b"Q", ["SELECT '" + "x" * (50 * MIB) + "'"], "54000"),
    (b"Q", ["SELECT 'unterminated"], "42601"),
    (b"Q", ["SELECT /* unterminated"], "42601"),
    (b"Q", ["SELECT $1"], "42P02"),
    (b"Q", ["INSERT INTO known VALUES ('b', 'x')"], "22P02"),
    (b"Q", [random.Random(4).randbytes(3_000).replace(b"\0", b"\1") + b"\0"], "22021"),
    (b"F", [b"nonsense"], "0A000"),
])
def test_simple_queries_that_are_none(wire, kind, parts, sqlstate):
    """An ERROR with PostgreSQL's code, one ReadyForQuery, and the session goes on."""
    wire.ready().send(kind, *parts)
    messages = wire.until_ready()
    assert [message[0] for message in messages] == [b"E", b"Z"]
    error = error_fields(messages[0][1])
    assert (error["S"], error["C"]) == ("ERROR", sqlstate), error
    wire.send(b"Q", "SELECT n FROM known WHERE id = 'a'")
    assert [message[0] for message in wire.until_ready()] == [b"T", b"D", b"C", b"Z"]


def parse(text, oids=(), name=""):
    return b"P", [name, text, struct.pack(f"!H{len(oids)}I", len(oids), *oids)]


def bind(formats=(), values=(), results=(), portal="", statement=""):
    data = b"".join(struct.pack("!i", -1) if value is None else struct.pack("!I", len(value)) + value for value in values)
    return b"B", [portal, statement, struct.pack(f"!H{len(formats)}h", len(formats), *formats), struct.pack("!H", len(values)), data,
                  struct.pack(f"!H{len(results)}h", len(results), *results)]


EXECUTE = (b"E", ["", struct.pack("!I", 0)])
SELECT = parse("SELECT id, n FROM known WHERE id = $1 AND n = $2", (25, 23))


@pytest.mark.parametrize(("messages", "sqlstate"), [
    # Too few and too many parameters.
    ([SELECT, bind()], "08P01"),
    ([SELECT, bind((), [b"a", b"1", b"2"])], "08P01"),
    # Formats: a wrong number of them, one that does not exist.
    ([SELECT, bind((0, 0, 0), [b"a", b"1"])], "08P01"),
    ([SELECT, bind((7,), [b"a", b"1"])], "22023"),
    ([SELECT, bind((), [b"a", b"1"], (0, 0, 0))], "08P01"),
    ([SELECT, bind((), [b"a", b"1"], (-1,))], "22023"),
    # Values that are none of their type, in text and binary.
    ([SELECT, bind((), [b"a", b"x"])], "22P02"),
    ([SELECT, bind((), [b"a", b"99999999999"])], "22003"),
    ([SELECT, bind((1,), [b"a", b"123"])], "22P03"),
    ([SELECT, bind((), [b"\xff", b"1"])], "22021"),
    ([SELECT, bind((), [b"a\0b", b"1"])], "22021"),
    # Bodies that end too early, go on too long or lie about their lengths.
    ([SELECT, (b"B", ["", "", b"\0"])], "08P01"),
    ([SELECT, (b"B", ["", "", b"\0\0\xff\xff"])], "08P01"),
    ([SELECT, (b"B", ["", "", b"\0\0\0\1\x7f\xff\xff\xffab"])], "08P01"),
    ([SELECT, (b"B", ["", "", b"\0\0\0\1\xff\xff\xff\xfe"])], "08P01"),
    ([SELECT, (bind((), [b"a", b"1"])[0], [*bind((), [b"a", b"1"])[1], b"more"])], "08P01"),
    ([(b"P", ["", "SELECT 1", b"\xff\xff"])], "08P01"),
    ([parse("SELECT $1", (999_999,))], "0A000"),
    ([parse("SELECT 1; SELECT 2")], "42601"),
    ([parse("SELECT $70000")], "42P02"),
    ([(b"D", [b"x\0"])], "08P01"),
    ([(b"C", [b"\0"])], "08P01"),
    ([(b"E", [b"no end"])], "08P01"),
    # Messages in an order that makes no sense.
    ([bind()], "26000"),
    ([EXECUTE], "34000"),
    ([(b"D", [b"S", "none"])], "26000"),
    ([(b"D", [b"P", "none"])], "34000"),
    ([parse("SELECT 1"), EXECUTE], "34000"),
    ([parse("SELECT 1", name="same"), parse("SELECT 2", name="same")], "42P05"),
    ([bind(statement="none")], "26000"),
    # NUL in the middle of a name ends it early.
    ([(b"P", [b"na\0me\0", b"SELECT 1\0\0\0"])], "08P01"),
])
def test_extended_messages_that_are_wrong(wire, messages, sqlstate):
    """One ERROR with PostgreSQL's code, nothing until Sync, and the session goes on."""
    wire.ready()
    for kind, parts in messages:
        wire.send(kind, *parts)
    # After the error everything is passed over.
    wire.send(b"B", "", "nonsense", b"\0")
    wire.send(b"S")
    answers = wire.until_ready()
    errors = [error_fields(body) for kind, body in answers if kind == b"E"]
    assert [(error["S"], error["C"]) for error in errors] == [("ERROR", sqlstate)], errors
    wire.send(b"Q", "SELECT n FROM known WHERE id = 'a'")
    assert [message[0] for message in wire.until_ready()] == [b"T", b"D", b"C", b"Z"]


@pytest.mark.parametrize(("data", "sqlstate"), [
    (b"\xff\xfe\t1\n", "22021"), (b"b\n", "22P04"), (b"b\t1\t2\n", "22P04"), (b"b\tx\n", "22P02"),
    (b"b\0\t1\n", "22021"), (b"x" * (5 * MIB), "54000"), (b"b\t99999999999\n", "22003"), (b"\t1\n", "23514"), (b"\\N\t1\n", "23502"),
])
def test_copy_data_that_is_none(wire, data, sqlstate):
    """An ERROR with the code, the rest of the data passed over, nothing written."""
    wire.ready().send(b"Q", "COPY known FROM STDIN")
    assert wire.message()[0] == b"G"
    wire.send(b"d", b"c\t1\n")
    for start in range(0, len(data), MIB):
        wire.send(b"d", data[start:start + MIB])
    wire.send(b"d", b"d\t1\n")
    wire.send(b"c")
    messages = wire.until_ready()
    assert [message[0] for message in messages] == [b"E", b"Z"]
    assert error_fields(messages[0][1])["C"] == sqlstate, error_fields(messages[0][1])


def test_messages_of_another_state(wire):
    """COPY's messages without a COPY are passed over, a password after the login is not; a Query in a COPY ends it."""
    wire.ready()
    wire.send(b"d", b"x\n")
    wire.send(b"c")
    wire.send(b"f", "why")
    wire.send(b"Q", "SELECT 1")
    assert [message[0] for message in wire.until_ready()] == [b"T", b"D", b"C", b"Z"]
    wire.send(b"Q", "COPY known FROM STDIN")
    assert wire.message()[0] == b"G"
    wire.send(b"Q", "SELECT 1")
    error = wire.error()
    assert error["C"] == "08P01", error


def test_random_messages(server):
    """Frames of right lengths and random content: every one is answered, or the connection ends with a code."""
    chance = random.Random(5)
    for _ in range(60):
        with PgWire(server) as wire:
            wire.ready()
            try:
                for _ in range(8):
                    wire.send(bytes([chance.choice(b"QPBDECHSFdcf")]), chance.randbytes(chance.randrange(60)))
                wire.send(b"S")
                wire.send(b"X")
                for kind, body in iter(wire.message, None):
                    if kind == b"E":
                        assert error_fields(body)["C"] not in ("XX000", "XX001"), error_fields(body)
            except (BrokenPipeError, ConnectionResetError):
                pass


def test_names_of_any_length_and_kind(pg, dynamodb):
    """A table's name must be one of DynamoDB's, at either door; an attribute may be called anything."""
    for name in ["x" * 300, "🚀", 'a "" b', ""]:
        with pytest.raises(psycopg.Error) as caught:
            pg.execute(f'CREATE TABLE "{name}" (id int PRIMARY KEY)')
        assert caught.value.sqlstate == "42P16", caught.value
    with pytest.raises(dynamodb.exceptions.ClientError, match="ValidationException"):
        dynamodb.describe_table(TableName="no spaces")
    pg.execute("CREATE TABLE odd (id int PRIMARY KEY, \"ä ' \"\" ;\" text)")
    pg.execute("INSERT INTO odd VALUES (1, 'x')")
    assert pg.execute("SELECT \"ä ' \"\" ;\" FROM odd").fetchall() == [("x",)]
    assert list(dynamodb.scan(TableName="odd")["Items"][0]) == ["id", "ä ' \" ;"]
    pg.execute("DROP TABLE odd")


def test_connections_beyond_the_http_limit_wait_for_a_place(tmp_path):
    """They are not refused: the next is served when one ends."""
    with running(tmp_path, "--max-dynamodb-connections", "2") as server:
        first, second = Http(server), Http(server)
        assert first.post(b"{}").status == second.post(b"{}").status == 200
        third = Http(server)
        third.send_head(Content_Length=2)
        third.send(b"{}")
        first.close()
        assert third.answer().status == 200
        second.close()
        third.close()


def test_many_connections_at_once(server):
    """Hundreds of sessions and HTTP connections opened together all work."""
    wires = [PgWire(server) for _ in range(300)]
    https = [Http(server) for _ in range(300)]
    for wire, http in zip(wires, https, strict=True):
        wire.startup()
        http.send_head(Content_Length=2)
        http.send(b"{}")
    for wire, http in zip(wires, https, strict=True):
        wire.until_ready()
        assert http.answer().status == 200
    for connection in [*wires, *https]:
        connection.close()

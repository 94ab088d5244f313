"""A Kinesis endpoint: moto's server behind a proxy that can be down, or accept only some of what it is given."""

import contextlib
import http.client
import http.server
import json
import random
import re
import subprocess
import sys
import threading

import boto3

READY = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")
KEY = {"aws_access_key_id": "kinesis", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


class Kinesis:
    """What the tests see: its URL, a client that goes to moto directly, and how the proxy behaves."""

    def __init__(self, moto_port, seed):
        self.moto_port = moto_port
        self.random = random.Random(seed)
        self.client = boto3.client("kinesis", endpoint_url=f"http://127.0.0.1:{moto_port}", **KEY)
        # "up"; "down": connections break off; "silent": what is accepted is not answered; "partial": some records are refused.
        self.mode = "up"
        self.calls = []
        self.proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.proxy.server_address[1]}"

    def flags(self):
        return ["--kinesis-endpoint", self.url, "--kinesis-access-key-id", "kinesis", "--kinesis-secret-access-key", "secret"]

    def forward(self, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.moto_port)
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def partly(self, headers, body):
        request = json.loads(body)
        records = request["Records"]
        refused = {n for n in range(len(records)) if self.random.random() < 0.3}
        kept = [record for n, record in enumerate(records) if n not in refused]
        accepted = []
        if kept:
            _, answer = self.forward(headers, json.dumps({**request, "Records": kept}))
            accepted = json.loads(answer)["Records"]
        error = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded for shard"}
        answers = [error if n in refused else accepted.pop(0) for n in range(len(records))]
        return 200, json.dumps({"FailedRecordCount": len(refused), "Records": answers}).encode()

    def handler(kinesis):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name: self.headers[name] for name in ("Content-Type", "X-Amz-Target", "X-Amz-Date", "Authorization")}
                mode, target = kinesis.mode, headers["X-Amz-Target"]
                kinesis.calls.append((target, headers["Authorization"]))
                if mode == "down":
                    self.close_connection = True
                    return
                puts = target.endswith("PutRecords")
                status, answer = (kinesis.partly if mode == "partial" and puts else kinesis.forward)(headers, body)
                if mode == "silent":
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        return Handler

    def create(self, name, shards=2):
        self.client.create_stream(StreamName=name, ShardCount=shards)
        self.client.get_waiter("stream_exists").wait(StreamName=name)
        return self.client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def records(self, name):
        """Everything in the stream: for each shard in its order, (partition key, decoded data)."""
        found = []
        for shard in self.client.list_shards(StreamName=name)["Shards"]:
            first = self.client.get_shard_iterator(StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
            iterator = first["ShardIterator"]
            while True:
                page = self.client.get_records(ShardIterator=iterator, Limit=10_000)
                if not page["Records"]:
                    break
                found += [(record["PartitionKey"], json.loads(record["Data"])) for record in page["Records"]]
                iterator = page["NextShardIterator"]
        return found


@contextlib.contextmanager
def running_kinesis(seed=7):
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    try:
        port = None
        for line in process.stderr:
            if match := READY.search(line):
                port = int(match.group(1))
                break
        assert port, "moto did not start"
        # What it logs of every request must not fill the pipe.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        kinesis = Kinesis(port, seed)
        yield kinesis
        kinesis.proxy.shutdown()
    finally:
        process.kill()
        process.wait()

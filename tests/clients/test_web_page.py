"""A web page with the AWS SDK for JavaScript in a headless Chromium: CORS as browsers mean it."""

import contextlib
import functools
import http.server
import threading

from support.credentials import FIRST_START, KEY, SECRET, variables
from support.javascript import BROWSER_VARIABLES, SOURCES, node, project
from support.server import running


class Pages(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Quiet."""


@contextlib.contextmanager
def serving(directory):
    """The directory's files at an origin of their own."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=directory)) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{listener.server_address[1]}"
        listener.shutdown()
        thread.join()


def test_only_pages_of_the_origins_that_are_named_reach_the_server(tmp_path):
    directory = project(tmp_path / "project", *(SOURCES / name for name in ("browser.mjs", "page.mjs", "page.browser.mjs")))
    pages = directory / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("<!doctype html><title>visits</title><script src=page.js></script>", encoding="utf-8")
    with serving(pages) as allowed, serving(pages) as other, \
            running(tmp_path / "data", "--cors-origin", allowed, insecure=False, variables=FIRST_START) as server:
        dynamodb = server.dynamodb(key=KEY, secret=SECRET)
        dynamodb.create_table(TableName="visits", BillingMode="PAY_PER_REQUEST",
                              KeySchema=[{"AttributeName": "page", "KeyType": "HASH"}, {"AttributeName": "visitor", "KeyType": "RANGE"}],
                              AttributeDefinitions=[{"AttributeName": "page", "AttributeType": "S"}, {"AttributeName": "visitor", "AttributeType": "S"}])
        ended = node(directory, "--test", "--test-reporter=spec", "page.browser.mjs", **{
            **variables(server), **BROWSER_VARIABLES, "PAGE": f"{allowed}/index.html", "OTHER_PAGE": f"{other}/index.html"})
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "fail 0" in ended.stdout and "pass 0" not in ended.stdout, ended.stdout
        items = dynamodb.scan(TableName="visits", ProjectionExpression="visitor")["Items"]
    assert [item["visitor"]["S"] for item in items] == ["ann", "bob"]

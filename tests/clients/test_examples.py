"""The examples as their READMEs tell a person to run them; each checks its own answers."""

import subprocess
import sys

import pytest

from support.server import ROOT, environment, running

PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("examples"), "--expiry-seconds", "1") as started:
        yield started


@pytest.mark.parametrize(
    ("directory", "script", "last_line"),
    [
        ("leaderboard", "leaderboard.py", "leaderboard: both doors agree on the best of every game"),
        ("session-store", "session_store.py", "session-store: the sessions that nobody used are gone, the others are there"),
        ("bank-transfer", "bank_transfer.py", "bank-transfer: every account is covered and the sum is what it was"),
        ("change-feed", "change_feed.py", "change-feed: the copy is the table"),
    ],
)
def test_an_example_runs_and_agrees_with_itself(server, directory, script, last_line):
    variables = environment(AWS_ENDPOINT_URL_DYNAMODB=server.dynamodb_url, AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local",
                            AWS_REGION="us-east-1", SHALE_PG_URL=server.pg_url())
    example = subprocess.run([sys.executable, script], cwd=ROOT / "examples" / directory, env=variables, capture_output=True, text=True,
                             timeout=PATIENCE_SECONDS, check=False)
    assert example.returncode == 0, example.stdout + example.stderr
    assert example.stdout.splitlines()[-1] == last_line

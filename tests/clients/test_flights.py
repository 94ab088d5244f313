"""The flights example as README and `examples/flights` tell a person to run it."""

import subprocess
import sys

from support.server import ROOT, environment, running

FLIGHTS = ROOT / "examples/flights"
# The whole data set takes about a minute against a debug build.
PATIENCE_SECONDS = 900


def test_the_whole_data_set_answers_as_the_csv_files_do(server):
    """336,776 flights and four more tables through COPY and batch_writer, then lookups and ranges from psql, psycopg and boto3."""
    variables = environment(AWS_ENDPOINT_URL_DYNAMODB=server.dynamodb_url, AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="local",
                            AWS_REGION="us-east-1", SHALE_PG_URL=server.pg_url())
    example = subprocess.run([sys.executable, "flights.py"], cwd=FLIGHTS, env=variables, capture_output=True, text=True,
                             timeout=PATIENCE_SECONDS, check=False)
    assert example.returncode == 0, example.stderr
    assert "flights: 336776 rows" in example.stdout
    assert example.stdout.endswith("flights: every answer agrees with the CSV files\n"), example.stdout


def test_the_small_data_set_is_loaded_on_the_first_start_only(tmp_path):
    """The query and the item that `cargo xtask up` suggests are there; a later start leaves what people changed since."""
    flags = ["--init-sql", str(FLIGHTS / "small.sql")]
    with running(tmp_path, *flags) as first:
        with first.connect() as pg:
            morning = pg.execute("SELECT departure, carrier, flight, dest FROM flights WHERE origin_day = 'JFK#2013-01-01' AND departure < '07'")
            departures = morning.fetchall()
            assert len(departures) > 10 and departures == sorted(departures)
            pg.execute("DELETE FROM airlines WHERE carrier = 'AA'")
        kennedy = first.dynamodb().get_item(TableName="airports", Key={"faa": {"S": "JFK"}})["Item"]
        assert kennedy["name"] == {"S": "John F Kennedy Intl"}
        assert first.stop() == 0
    with running(tmp_path, *flags) as second, second.connect() as pg:
        assert pg.execute("SELECT * FROM airlines WHERE carrier = 'AA'").fetchall() == []
        assert len(pg.execute("SELECT * FROM airlines").fetchall()) == 15

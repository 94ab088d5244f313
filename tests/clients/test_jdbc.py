"""PostgreSQL's JDBC driver: one program, java/Jdbc.java, which Java runs from its source."""

import pathlib
import subprocess

from support.server import environment

SOURCE = pathlib.Path(__file__).parent / "java/Jdbc.java"
# Where Debian's package libpostgresql-jdbc-java has it.
DRIVER = "/usr/share/java/postgresql.jar"
PATIENCE_SECONDS = 180


def test_every_check(server):
    host, port = server.pg_endpoint
    ended = subprocess.run(["java", "-cp", DRIVER, SOURCE, f"jdbc:postgresql://{host}:{port}/shale"], env=environment(), capture_output=True, text=True,
                           timeout=PATIENCE_SECONDS, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    checks = ended.stdout.splitlines()
    assert len(checks) == SOURCE.read_text(encoding="utf-8").count('        check("'), ended.stdout
    assert all(check.startswith("ok ") for check in checks), ended.stdout

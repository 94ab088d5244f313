"""node-postgres and mappers upon it: each file of javascript/postgres/ is run by Node.js' own test runner."""

import pytest

from support.javascript import SOURCES, node, project

FILES = sorted((SOURCES / "postgres").glob("*.test.mjs"))


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return project(tmp_path_factory.mktemp("javascript") / "project", *FILES)


@pytest.mark.parametrize("file", FILES, ids=[file.name.removesuffix(".test.mjs") for file in FILES])
def test_with_node(server, directory, file):
    ended = node(directory, "--test", "--test-reporter=spec", file.name, DATABASE_URL=server.pg_url(), TZ="UTC")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "fail 0" in ended.stdout and "pass 0" not in ended.stdout, ended.stdout

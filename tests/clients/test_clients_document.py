"""docs/clients.md: its programs are run in their order as they stand there, and print what it says."""

import re
import subprocess
import sys

import pytest

from support.credentials import FIRST_START, KEY, SECRET, variables
from support.javascript import NODE, project
from support.server import PATIENCE_SECONDS, ROOT, environment

TEXT = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
# A program, and behind it what it prints.
PROGRAMS = [(language, program, BLOCKS[number + 1][1]) for number, (language, program) in enumerate(BLOCKS[:-1])
            if language in ("sh", "python", "js") and BLOCKS[number + 1][0] == "text"]
LAUNCHERS = {"sh": ("program.sh", ["bash", "-e"]), "python": ("program.py", [sys.executable]), "js": ("program.mjs", [NODE])}


@pytest.fixture(scope="module")
def exports(guarded_server):
    """The environment that the document's first block makes, with this server's address and access key put in."""
    assert BLOCKS[0][0] == "sh"
    own = variables(guarded_server)
    script = BLOCKS[0][1]
    for example, real in [("http://127.0.0.1:8000", own["AWS_ENDPOINT_URL"]), ("the key", KEY), ("the secret", SECRET)]:
        assert script.count(example) == 1
        script = script.replace(example, real)
    ended = subprocess.run(["bash", "-ec", f"{script}\nenv -0"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True)
    exported = dict(entry.split("=", 1) for entry in ended.stdout.split("\0") if entry.startswith("AWS_"))
    assert exported.items() <= own.items()
    return {**own, **exported}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return project(tmp_path_factory.mktemp("document") / "project")


def test_every_client_has_its_program():
    assert [language for language, _, _ in PROGRAMS] == ["sh", "python", "python", "js", "js", "sh", "python", "js"]


def test_programs_print_what_the_document_says(guarded_server, exports, directory):
    url = guarded_server.pg_url(password=FIRST_START["SHALE_PASSWORD"])
    path = f"{sys.exec_prefix}/bin:{environment()['PATH']}"
    for language, program, expected in PROGRAMS:
        name, launcher = LAUNCHERS[language]
        (directory / name).write_text(program, encoding="utf-8")
        ended = subprocess.run([*launcher, name], cwd=directory, env=environment(**exports, PATH=path, DATABASE_URL=url), capture_output=True, text=True,
                               timeout=PATIENCE_SECONDS, check=False)
        assert (ended.returncode, ended.stdout) == (0, expected), f"{program}\n{ended.stdout}{ended.stderr}"


def test_the_rust_program_is_the_one_that_is_tested():
    """Line by line, as rustfmt indents it there."""
    (program,) = [program for language, program in BLOCKS if language == "rust"]
    tested = (ROOT / "tests/clients/rust/src/server.rs").read_text(encoding="utf-8")
    assert "".join(f"    {line}\n" for line in program.splitlines()) in tested


def test_the_admin_command_is_the_one_that_is_tested():
    (command,) = [program for language, program in BLOCKS if language == "sh" and program.startswith("dynamodb-admin")]
    tested = (ROOT / "tests/clients/test_dynamodb_admin.py").read_text(encoding="utf-8")
    for word in command.split():
        if word.startswith("--"):
            assert f'"{word}"' in tested, word

"""The AWS SDK for Rust: rust/ is a workspace of its own, built into the target directory and run by Cargo's test runner."""

import os
import pathlib
import subprocess

from support.credentials import variables
from support.server import BINARY, ROOT, environment

CRATE = ROOT / "tests/clients/rust"
TARGET = pathlib.Path(BINARY).resolve().parents[1] / "client-rust"
# The first build compiles the SDK.
PATIENCE_SECONDS = 1200


def test_with_cargo(guarded_server):
    ended = subprocess.run([os.environ.get("CARGO", "cargo"), "test", "--quiet", "--locked", "--manifest-path", CRATE / "Cargo.toml"],
                           env=environment(**variables(guarded_server), CARGO_TARGET_DIR=str(TARGET)), cwd=CRATE, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "test result: ok." in ended.stdout and "running 0 tests" not in ended.stdout, ended.stdout

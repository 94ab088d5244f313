"""A file system of a few megabytes, to be full for real.

The server runs in mount and user namespaces of its own, in which the data directory is a tmpfs: no privileges are needed where the
kernel lets users make namespaces.
"""

import contextlib
import os
import pathlib
import subprocess

from support.server import running

MOUNT = "mount -t tmpfs -o size={mebibytes}m,mode=700 shale-test {directory} && exec \"$@\""


def why_not():
    """Why there can be no small disk here; None if there can."""
    tried = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "shale-test", "/mnt"],
                           capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else None


class SmallDisk:
    """The small file system. It lives as long as this is open, whether its server runs or not; `path` leads to it from any process."""

    def __init__(self, server):
        inside = f"/proc/{server.process.pid}/root{server.directory}"
        self.descriptor = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
        self.path = pathlib.Path(f"/proc/{os.getpid()}/fd/{self.descriptor}")
        self.ballast = self.path / "ballast"

    def fill(self):
        """Takes all space that is free, to the last block."""
        with open(self.ballast, "ab", buffering=0) as file:
            for piece in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(piece)):
                        pass

    def free(self):
        """Gives back what `fill` took."""
        self.ballast.unlink()


@contextlib.contextmanager
def running_on_small_disk(directory, mebibytes, *flags, **options):
    """A server with its small disk."""
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT.format(mebibytes=mebibytes, directory=directory), "sh"]
    with running(directory, *flags, inside=inside, **options) as server:
        disk = SmallDisk(server)
        try:
            yield server, disk
        finally:
            os.close(disk.descriptor)

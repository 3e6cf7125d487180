"""
A client on a machine whose only network is loopback: run as a script inside a network namespace of its own.

    offline_client.py SITE VENV PROJECT

Serves SITE by ``python -m http.server`` and installs PROJECT from it into VENV, first showing that PyPI is out of reach.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

PORT = 8099


def loopback_up() -> None:
    """Bring up the namespace's own ``lo`` (netdevice(7)); there is no other interface."""
    set_flags, up = 0x8914, 0x1
    with socket.socket() as plain:
        fcntl.ioctl(plain, set_flags, struct.pack("16sH22x", b"lo", up))


def main(site: Path, venv: Path, project: str) -> int:
    """Return pip's exit code."""
    loopback_up()
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--isolated", "--no-cache-dir", "--retries", "0"]
    if subprocess.run([*pip, project], check=False, capture_output=True).returncode == 0:
        sys.exit("PyPI can be reached: nothing is shown")
    with subprocess.Popen([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(PORT)], cwd=site) as server:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                    break
            time.sleep(0.05)
        done = subprocess.run([*pip, "--index-url", f"http://127.0.0.1:{PORT}/simple/", project], check=False)
        server.terminate()
    return done.returncode


if __name__ == "__main__":
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))

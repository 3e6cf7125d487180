"""The nursery's own process and the runs that it forks: started by `Nursery`, as a module."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import NoReturn

from tests.support.killer.orders import Order
from tests.support.killer.ticks import OPEN, Ticks


def _mirror(order: Order) -> None:
    from rich.console import Console  # noqa: PLC0415

    from pypi_subset.cli.display import Display  # noqa: PLC0415
    from pypi_subset.model.paths import Paths  # noqa: PLC0415
    from pypi_subset.pipeline import mirror  # noqa: PLC0415

    root = Path(order.root)
    places = {name: Path(order.paths.get(name, root / name)) for name in ("requirements", "packages", "site")}
    mirror.mirror(Paths(**places), progress=Display(Console(file=io.StringIO()), lines=False), update=order.update)


def _mount(commands: str) -> None:
    """Run *commands* where nobody else sees what they mount."""
    import ctypes  # noqa: PLC0415

    clone_newns = 0x20000
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newns):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["sh", "-ec", f"mount --make-rprivate /\n{commands}"], check=True)


def _content(root: Path) -> dict[str, str]:
    paths = {str(path.relative_to(root)): path for path in root.rglob("*")}
    return {
        name: "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()
    }


def _become(order: Order, folder: Path) -> NoReturn:
    """Be the run; never returns."""
    os.setpgid(0, 0)
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(order.variables)
    # Tests that run in the background may have been told to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    status = 0
    try:
        if order.mounts:
            _mount(order.mounts)
        from pypi_subset.support import staging  # noqa: PLC0415

        if not order.atomic:
            staging._exchange_names = lambda *_: False  # noqa: SLF001
        if order.cores:
            os.cpu_count = lambda: order.cores
        ticks = Ticks(order, folder)
        if order.watched:
            ticks.install()
        _mirror(order)
    except BaseException as error:  # noqa: BLE001 - handed to whoever asked for the run
        with OPEN(folder / "error", "w") as stream:
            json.dump([type(error).__name__, str(error), "".join(traceback.format_exception(error))], stream)
        status = 1
    if order.mounts:
        with OPEN(folder / "left", "w") as stream:
            json.dump(_content(Path(order.root)), stream)
    # As at the end of every program: threads that are not daemons are waited for.
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    os._exit(status)


def main(folder: Path) -> None:
    """Obey orders from standard input: fork, tell the process id, wait, tell the status."""
    import pypi_subset.cli.display  # noqa: PLC0415
    import pypi_subset.pipeline.mirror  # noqa: F401, PLC0415
    from pypi_subset.upstream.pip_config import read_network  # noqa: PLC0415

    read_network().session()
    for line in sys.stdin:
        for name in ("error", "left"):
            (folder / name).unlink(missing_ok=True)
        order = Order(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            _become(order, folder)
        print(pid, flush=True)  # noqa: T201
        print(os.waitpid(pid, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Whether this system allows boxes, and if not, what forbids them."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import tempfile
from pathlib import Path

from pypi_subset.errors import BoxFailed, SuiteFailed
from pypi_subset.proof.isolation.box import Box
from pypi_subset.proof.isolation.running import REFUSES

#: What a report says where every case ran in boxes, and how it begins where none did.
NAMESPACES, NONE = "namespaces", "none"

#: A setting of the kernel, the value that forbids namespaces, and who sets it.
_SETTINGS = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "AppArmor, as on Ubuntu"),
    ("kernel.unprivileged_userns_clone", "0", "Debian's kernel"),
    ("user.max_user_namespaces", "0", "the administrator"),
)


@functools.cache
def refusal() -> str:
    """Return ``""`` if this system allows boxes, else the cause: what it refused, and which setting does that."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces"
    with tempfile.TemporaryDirectory(prefix="pypi-subset-") as folder:
        nowhere = os.open(os.devnull, os.O_RDWR)
        try:
            with Box(shown=(), folder=Path(folder)).started(["/bin/true"], (nowhere, nowhere, nowhere)) as running:
                code = running.wait(20)
        except BoxFailed as error:
            refused = error.what.partition(": ")[2].removeprefix(REFUSES)
            return f"{refused}{_cause(refused)}"
        finally:
            os.close(nowhere)
    return "" if code == 0 else f"a program in a box ended with {code}"


def isolation(*, unisolated: bool = False) -> str:
    """
    Return what isolates the code of packages on this machine, as the report says it.

    :param unisolated: whether the user wants none.
    :raises SuiteFailed: this is root, who needs it.
    """
    why = "--unisolated" if unisolated else refusal()
    if why and not unisolated and hasattr(os, "geteuid") and os.geteuid() == 0:
        msg = f"verify runs the code of the packages, and as root it must be isolated, which this system refuses: {why}"
        raise SuiteFailed(msg, next_step="run verify as an ordinary user, or with `--unisolated`")
    return f"{NONE}: {why}" if why else NAMESPACES


def _cause(refused: str) -> str:
    """Return which setting forbids what was *refused*, as far as that can be seen."""
    masked = _masked()
    # A new /proc may show no more than the one that is there.
    if masked and "(proc at " in refused:
        return masked
    for name, forbids, who in _SETTINGS:
        with contextlib.suppress(OSError):
            if Path("/proc/sys", *name.split(".")).read_text(encoding="ascii").strip() == forbids:
                return f" (sysctl {name} = {forbids}, set by {who})"
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
        if "\nSeccomp:\t2" in status:
            return " (a seccomp filter, as of a container)"
    return masked


def _masked() -> str:
    """Return that something is mounted over parts of /proc, ``""`` if nothing is."""
    with contextlib.suppress(OSError):
        if any(" /proc/" in line for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()):
            return " (parts of /proc are masked, as in a container)"
    return ""

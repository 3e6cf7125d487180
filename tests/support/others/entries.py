"""Entries of ``[[files]]``, and workspaces that have some."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from tests.support.stages.mirroring import LINUX
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: A file that a test carries, and where it goes.
DATA, TO = b"weights\n" * 4000, "models/small.onnx"
SHA256 = hashlib.sha256(DATA).hexdigest()


def entry(to: str = TO, sha256: str = SHA256, **fields: str) -> str:
    """Return an entry as TOML; *fields* are ``path`` or ``url``."""
    values = {**fields, "sha256": sha256, "to": to}
    return "\n".join(["[[files]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])


def carrying(space: Workspace, index: Index, *entries: str) -> None:
    """Let *space* ask for a project that *index* has, and for *entries*; put ``small.onnx`` next to ``requirements/``."""
    index.add(make_wheel("app"))
    space.write("base.txt", "app\n")
    (space.root / "small.onnx").write_bytes(DATA)
    space.toml({"linux": LINUX}, more="\n".join(entries or [entry(path="../small.onnx")]))

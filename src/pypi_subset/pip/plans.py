"""A pip that has run once, and looks into other environments: loaded by ``_child.py`` in the interpreter of an environment."""

from __future__ import annotations

import sys
import sysconfig

_OF_ITSELF = ["install", "-qqq", "--isolated", "--disable-pip-version-check", "--dry-run", "--no-index", "pip"]


def run_once() -> None:
    """Let pip find itself, and say nothing: what it computes of its interpreter is then here, and nothing of a site."""
    from pip._internal.cli.main import main  # noqa: PLC0415 - the tool itself never needs it

    main(_OF_ITSELF)


def look_into(libraries: list[str]) -> None:
    """Let ``pip check`` find what is installed in *libraries*, beside itself; nothing there can be imported."""
    from pip._internal import metadata  # noqa: PLC0415 - as above
    from pip._internal.operations import check  # noqa: PLC0415

    paths = [*libraries, *(path for path in sys.path if path != sysconfig.get_path("purelib"))]
    check.get_default_environment = lambda: metadata.get_environment(paths)  # type: ignore[attr-defined]

"""A manifest as plain JSON: one wheel with metadata, an sdist, and pages."""

from __future__ import annotations

from typing import Any

#: The files of `document`.
WHEEL, SDIST = "simple/my-lib/my_lib-1.0+a-py3-none-any.whl", "simple/app/app-2.0.tar.gz"


def document() -> dict[str, Any]:
    """Return a manifest that is read, with every kind of entry."""
    asked = {"requirement": "app", "by": "", "origin": "base.txt:1"}
    needed = {"set": "base", "target": "linux"}
    return {
        "schema": "1.8",
        "targets": [
            {"name": "linux", "tag": "cp312-linux", "python": "3.12.0", "markers": {"a": "é"}, "digest": "d" * 64}
        ],
        "sets": [
            {"name": "base", "requests": [{"requirement": "app", "origin": "base.txt:1"}], "targets": ["linux"]},
        ],
        "files": [
            {
                "filename": "app-2.0.tar.gz",
                "path": SDIST,
                "project": "app",
                "version": "2.0",
                "size": 9,
                "sha256": "e" * 64,
                "requires_python": ">=3.8",
                "metadata": None,
                "needed_by": [{**needed, "chain": [asked]}],
            },
            {
                "filename": "my_lib-1.0+a-py3-none-any.whl",
                "path": WHEEL,
                "project": "my-lib",
                "version": "1.0+a",
                "size": 0,
                "sha256": "a" * 64,
                "requires_python": None,
                "metadata": "b" * 64,
                "needed_by": [
                    {**needed, "chain": [asked, {"requirement": "my-lib>=1", "by": "app", "origin": ""}]},
                ],
            },
        ],
        "pages": dict.fromkeys(
            (
                *("index.html", "page.js", ".nojekyll", "hosts/nginx.conf", "locks/pylock.base--linux.toml"),
                *("simple/index.html", "simple/my-lib/index.v1_json", "simple-json/app/index.html"),
                *("targets/linux/simple/.htaccess", "targets/linux/simple/app/index.html"),
            ),
            "c" * 64,
        ),
        "edges": [["", "", "app"], ["app", "", "my-lib"]],
        "closures": [{**needed, "pins": "0-1", "edges": "0-1"}],
        "bad_files": [{"filename": "x.whl", "reason": "it is no ZIP file", "action": "skip"}],
    }

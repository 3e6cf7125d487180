"""Small sites with closures, as one release after the other travels across a gap."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.utils import parse_wheel_filename

from tests.support.sites.handwritten import Entry, sha256, write_site
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

#: What `first` and `second` have on each target. ``opt`` is needed by the extra ``fast`` of ``app``.
APP1 = make_wheel("app", "1.0", requires=["lib>=1", "opt; extra == 'fast'"], extras=["fast"])
APP2 = make_wheel("app", "2.0", requires=["lib>=1", "opt; extra == 'fast'"], extras=["fast"])
LIB = make_wheel("lib", "1.0", ballast=20_000)
OPT = make_wheel("opt", "0.5", requires=["deep"])
DEEP = make_wheel("deep", "3.0")
EDGES = (
    *(("", "", "app"), ("app", "", "lib"), ("app", "fast", "opt")),
    ("opt", "", "deep"),
)


@dataclass(frozen=True)
class Release:
    """
    A site to write.

    :param pins: the wheels of each target.
    :param edges: those of every closure.
    :param minor: of the manifest's schema; before 5 there are no closures.
    :param texts: further files, which the manifest does not name.
    :param requests: requirements of the set.
    """

    serial: int
    pins: Mapping[str, Sequence[Wheel]]
    edges: Sequence[tuple[str, str, str]] = EDGES
    minor: int = 5
    texts: Mapping[str, str] = field(default_factory=dict)
    requests: Sequence[str] = ("app[fast]>=1",)

    def write(self, site: Path) -> Path:
        """Return *site*, after writing the whole release."""
        wheels = {one.filename: one for own in self.pins.values() for one in own}
        views = {name: [Entry(one) for one in own] for name, own in self.pins.items()}
        write_site(site, map(Entry, wheels.values()), views)
        pages = sorted(path for path in site.rglob("*") if path.suffix in {".html", ".v1_json"})
        manifest = self.manifest({path.relative_to(site).as_posix(): sha256(path.read_bytes()) for path in pages})
        (site / "manifest.json").write_bytes(manifest)
        release = {"schema": "1.0", "serial": self.serial, "manifest_sha256": sha256(manifest), "published": "now"}
        texts = {"README.md": "the same in each release\n", "proof/report.json": f"[{self.serial}]\n", **self.texts}
        for path, text in {**texts, "release.json": json.dumps(release)}.items():
            (site / path).parent.mkdir(exist_ok=True)
            (site / path).write_text(text)
        return site

    def manifest(self, pages: Mapping[str, str]) -> bytes:
        """Return the bytes of the manifest."""
        wheels = {f"simple/{_project(one)}/{one.filename}": one for own in self.pins.values() for one in own}
        paths = sorted(wheels)
        names = {target: {one.filename for one in own} for target, own in self.pins.items()}
        document: dict[str, Any] = {
            "schema": f"1.{self.minor}",
            "targets": [{"name": name} for name in sorted(self.pins)],
            "sets": [{"name": "base", "requests": self._requests(), "targets": sorted(self.pins)}],
            "files": [self._file(path, wheels[path], names) for path in paths],
            "pages": dict(pages),
        }
        if self.minor >= 5:
            document["edges"] = sorted(map(list, self.edges))
            document["closures"] = [
                {
                    "set": "base",
                    "target": name,
                    "pins": numbers(
                        [number for number, path in enumerate(paths) if wheels[path].filename in names[name]]
                    ),
                    "edges": numbers(list(range(len(self.edges)))),
                }
                for name, own in sorted(self.pins.items())
            ]
        return json.dumps(document, indent=1).encode()

    def _requests(self) -> list[dict[str, str]]:
        return [{"requirement": one, "origin": f"base.txt:{line}"} for line, one in enumerate(self.requests, 1)]

    def _file(self, path: str, wheel: Wheel, names: Mapping[str, set[str]]) -> dict[str, Any]:
        return {
            "filename": wheel.filename,
            "path": path,
            "project": _project(wheel),
            "version": str(parse_wheel_filename(wheel.filename)[1]),
            "size": len(wheel.data),
            "sha256": wheel.sha256,
            "requires_python": None,
            "metadata": sha256(wheel.metadata),
            "needed_by": [
                {"set": "base", "target": name, "chain": []} for name in self.pins if wheel.filename in names[name]
            ],
        }


def first(serial: int = 1) -> Release:
    """Return a release of two targets."""
    return Release(serial, {"linux": [APP1, LIB, OPT, DEEP], "windows": [APP1, LIB, OPT, DEEP]})


def second(serial: int = 2) -> Release:
    """Return the release after it: ``linux`` has a newer ``app``."""
    return Release(serial, {"linux": [APP2, LIB, OPT, DEEP], "windows": [APP1, LIB, OPT, DEEP]})


def third(serial: int = 3) -> Release:
    """Return the release after that: no target has the older ``app`` any more."""
    return Release(serial, {"linux": [APP2, LIB, OPT, DEEP], "windows": [APP2, LIB, OPT, DEEP]})


def numbers(found: Sequence[int]) -> str:
    """Return ascending numbers as Linux lists processors: ``0-3,7``."""
    runs: list[list[int]] = []
    for one in found:
        if runs and runs[-1][1] == one - 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return ",".join(f"{low}-{high}" if low < high else str(low) for low, high in runs)


def files_of(site: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below *site*, without the page that the importer writes."""
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in site.rglob("*")
        if path.is_file() and path.name != "release.html"
    }


def with_page(site: Path, path: str, text: str) -> Path:
    """Return *site*, after giving a page the *text* as an exporter that is wrong would: manifest and release agree with it."""
    (site / path).write_text(text)
    return with_manifest(site, lambda one: one["pages"].update({path: sha256(text.encode())}))


def with_manifest(site: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return *site*, after changing its manifest; ``release.json`` agrees with it."""
    manifest = json.loads((site / "manifest.json").read_bytes())
    change(manifest)
    (site / "manifest.json").write_text(json.dumps(manifest))
    release = json.loads((site / "release.json").read_bytes())
    release["manifest_sha256"] = sha256((site / "manifest.json").read_bytes())
    (site / "release.json").write_text(json.dumps(release))
    return site


def _project(wheel: Wheel) -> str:
    return parse_wheel_filename(wheel.filename)[0]

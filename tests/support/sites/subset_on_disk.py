"""Whole subsets written by hand: locks, site and manifest as the tool writes them, without a line of the tool."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomli_w
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from pypi_subset.model.paths import Paths
from pypi_subset.model.requests import Job, Request, RequirementSet, Subset
from tests.support.sites.handwritten import Entry, sha256, write_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.targets import Target
    from tests.support.wheels import Wheel


@dataclass
class SubsetOnDisk:
    """
    One set, ``base``, for some targets; *pins* says which wheels each target needs.

    :param edges: by target, as in the manifest; without any, the manifest is one of before 1.5.
    """

    root: Path
    targets: Sequence[Target]
    lines: Sequence[str]
    pins: Mapping[str, Sequence[Wheel]]
    hashes: Mapping[str, str] = field(default_factory=dict)
    edges: Mapping[str, Sequence[tuple[str, str, str]]] = field(default_factory=dict)

    @property
    def paths(self) -> Paths:
        """The three directories."""
        return Paths(requirements=self.root / "requirements", packages=self.root / "packages", site=self.root / "site")

    @property
    def plan(self) -> Subset:
        """What ``requirements/`` asks for, without reading it."""
        base = RequirementSet(
            name="base",
            path=self.paths.requirements / "base.txt",
            requests=tuple(self._request(line, number) for number, line in enumerate(self.lines, 1)),
            constraints=(),
            targets=tuple(target.name for target in self.targets),
        )
        jobs = tuple(Job(requirement_set=base, target=target) for target in self.targets)
        return Subset(root=self.paths.requirements, sets=(base,), targets=tuple(self.targets), jobs=jobs)

    def write(self) -> SubsetOnDisk:
        """Return itself, after writing everything but ``packages/``, which the proof must not look at."""
        self.paths.requirements.mkdir(parents=True)
        (self.paths.requirements / "base.txt").write_text("\n".join(map(str, self.plan.sets[0].requests)) + "\n")
        tags = {one.name: {"tag": one.tag, "python": ".".join(map(str, one.python))} for one in self.targets}
        toml: dict[str, Any] = {"targets": {name: tags[name] for name in tags}}
        toml["targets"] |= {one.name: "host" for one in self.targets if one.host}
        (self.paths.requirements / "subset.toml").write_text(tomli_w.dumps(toml))
        self.paths.locks.mkdir()
        for target in self.targets:
            path = self.paths.locks / f"pylock.base--{target.name}.toml"
            path.write_text(tomli_w.dumps(_lock(self.pins[target.name])))
        self._publish()
        return self

    def looked(self) -> SubsetOnDisk:
        """Return itself, after writing what a look leaves in ``packages/`` that had an answer about each file."""
        answers = {one.filename: one.sha256 for pinned in self.pins.values() for one in pinned}
        self.paths.packages.mkdir()
        document = {"schema": "1.1", "files": [], "answered": {"../requirements": answers}}
        (self.paths.packages / ".gone.json").write_text(json.dumps(document))
        return self

    def file(self, wheel: Wheel) -> Path:
        """Return where *wheel* lies in the site."""
        return self.paths.site / "simple" / _project(wheel) / wheel.filename

    def _request(self, line: str, number: int) -> Request:
        requirement = Requirement(line)
        hashes = tuple(f"sha256:{value}" for name, value in self.hashes.items() if name == requirement.name)
        path = self.paths.requirements / "base.txt"
        return Request(requirement=requirement, path=path, line=number, hashes=hashes)

    def _publish(self) -> None:
        wheels = {wheel.filename: wheel for pinned in self.pins.values() for wheel in pinned}
        views = {name: map(Entry, pinned) for name, pinned in self.pins.items()}
        write_site(self.paths.site, map(Entry, wheels.values()), views)
        (self.paths.site / "README.md").write_text("what is here\n")
        self.write_manifest([self._entry(wheel) for wheel in wheels.values()])

    def write_manifest(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Write a manifest that names *entries*, and what is asked for."""
        ordered = sorted(entries, key=lambda entry: str(entry["path"]))
        site = self.paths.site
        pages = {path for path in site.rglob("*") if path.suffix in {".html", ".v1_json"}}
        told = {path.relative_to(site).as_posix(): sha256(path.read_bytes()) for path in sorted(pages)}
        targets = [
            {"name": one.name, "tag": one.tag, "python": ".".join(map(str, one.python)), "markers": {}}
            | {"digest": one.digest}
            for one in self.targets
        ]
        document = {"schema": 1, "targets": targets, "sets": [self._set()], "files": ordered, "pages": told}
        if self.edges:
            document |= {"schema": "1.5", **self._closures(ordered)}
        (site / "manifest.json").write_text(json.dumps(document))

    def _closures(self, ordered: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return edges and closures, which refer to files and edges by their numbers."""
        every = sorted({edge for edges in self.edges.values() for edge in edges})
        places = {entry["filename"]: number for number, entry in enumerate(ordered)}
        closures = []
        for name in sorted(self.edges):
            pins = sorted(places[wheel.filename] for wheel in self.pins[name])
            numbers = (pins, sorted(every.index(edge) for edge in self.edges[name]))
            runs = [",".join(_runs(own)) for own in numbers]
            closures.append({"set": "base", "target": name, "pins": runs[0], "edges": runs[1]})
        return {"edges": every, "closures": closures}

    def _set(self) -> dict[str, Any]:
        """Return the entry of the set."""
        (base,) = self.plan.sets
        lines = [{"requirement": str(one.requirement), "origin": one.origin} for one in base.requests]
        return {"name": base.name, "requests": lines, "targets": list(base.targets)}

    def _entry(self, wheel: Wheel) -> dict[str, Any]:
        """Return a file's entry; the chain starts at the first line, and has one step more for what is not asked for."""
        project, first = _project(wheel), self.plan.sets[0].requests[0]
        chain = [{"requirement": str(first.requirement), "by": "", "origin": first.origin}]
        if project not in {canonicalize_name(Requirement(line).name) for line in self.lines}:
            chain.append({"requirement": project, "by": first.requirement.name, "origin": ""})
        needs = [name for name, pinned in self.pins.items() if wheel in pinned]
        return {
            "filename": wheel.filename,
            "path": f"simple/{project}/{wheel.filename}",
            "project": project,
            "version": str(parse_wheel_filename(wheel.filename)[1]),
            "size": len(wheel.data),
            "sha256": wheel.sha256,
            "requires_python": None,
            "metadata": sha256(wheel.metadata),
            "needed_by": [{"set": "base", "target": name, "chain": chain} for name in needs],
        }


def _runs(numbers: Sequence[int]) -> list[str]:
    starts = [one for one in numbers if one - 1 not in numbers]
    ends = [one for one in numbers if one + 1 not in numbers]
    return [f"{first}-{last}" if first < last else f"{first}" for first, last in zip(starts, ends, strict=True)]


def _project(wheel: Wheel) -> str:
    return parse_wheel_filename(wheel.filename)[0]


def _lock(wheels: Sequence[Wheel]) -> dict[str, Any]:
    """Return a lock as PEP 751 has it."""
    packages = [
        {
            "name": _project(wheel),
            "version": str(parse_wheel_filename(wheel.filename)[1]),
            "wheels": [{"name": wheel.filename, "path": wheel.filename, "hashes": {"sha256": wheel.sha256}}],
        }
        for wheel in wheels
    ]
    return {"lock-version": "1.0", "created-by": "tests", "packages": packages}

"""Attacks by releases: a higher number under a private name, other bytes under a locked name, upload times."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.locks import memory
from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.model.intake.sources import Sources
from pypi_subset.pipeline.mirror import mirror
from pypi_subset.policy.age import MinAge
from pypi_subset.upstream import simple_api
from tests.evidence.hostile.input.attack import both, breaks, setting, without
from tests.evidence.hostile.input.intake.subsets import OLD, asking, locked, named, paths
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.evidence.hostile.input.attack import Attempt, Door

_JSON = "application/vnd.pypi.simple.v1+json"
_MIN_AGE = '[policy]\nmin_age = "7 days"\n'


def _confusing(requests: str, *, down: bool = False, private: bool = True) -> Attempt:
    """Return an attempt to have ``acme`` 99 taken from pip's index, where its source has 1.0."""

    def attempt(folder: Path) -> bool:
        evil = [make_wheel("acme", "99.0"), make_wheel("app", requires=["acme"])]
        with Index() as public, Index({"acme": [make_wheel("acme")]}) as source, asking(public):
            public.add(*evil)
            if down:
                source.on_request = lambda _path: 403
            listed = 'private = ["acme*"]\n' if private else ""
            toml = f'[sources]\n{listed}[sources.own]\nindex = "{source.url}"\nprojects = ["acme*"]\n'
            own = paths(folder, toml, requests)
            mirror(own)
            return locked(own, "acme")[0][0] == "99.0" or bool(public.gets("/acme/"))

    return attempt


def _exchanged(folder: Path) -> bool:
    """Exchange a file on the index after it was locked, with the hash on the page."""
    with Index({"app": [make_wheel("app")]}) as index, asking(index):
        own = paths(folder, "", "app\n")
        mirror(own)
        index.projects["app"] = [make_wheel("app", files={"app.py": b"import evil\n"})]
        before = locked(own, "app")
        mirror(own, update=True)
        return locked(own, "app") != before


def _young(uploaded: str | None) -> Attempt:
    """Return an attempt to have release 2.0 taken under ``min_age``, of which the page states that upload time."""

    def attempt(folder: Path) -> bool:
        wheels = [make_wheel("app", "1.0"), make_wheel("app", "2.0")]
        with Index({"app": wheels}) as index, asking(index):
            index.upload_times[wheels[0].filename] = OLD
            index.upload_times[wheels[1].filename] = uploaded or ""
            own = paths(folder, _MIN_AGE, "app\n")
            mirror(own)
            return locked(own, "app")[0][0] == "2.0"

    return attempt


def _ends_with_a_traceback(uploaded: str) -> Attempt:
    attempt = _young(uploaded)
    return lambda folder: breaks(lambda: attempt(folder))


def _admitted(uploaded: str) -> Attempt:
    """Return an attempt to have a file admitted by its age alone, whose page states that upload time."""

    def attempt(_folder: Path) -> bool:
        entry = {"filename": "app-1.0-py3-none-any.whl", "url": "x", "hashes": {}, "upload-time": uploaded}
        page = {"meta": {"api-version": "1.1"}, "name": "app", "files": [entry]}
        text, url = json.dumps(page), "https://index.example/simple/app/"
        (one,) = simple_api.read_page(text, content_type=_JSON, url=url, project=canonicalize_name("app"))
        return not MinAge(IntakeRules(min_age=7 * 86_400), Sources(), datetime.now(UTC)).verdicts(one)

    return attempt


_from_pips_index: Door = both(
    setting(Sources, source_of=lambda *_: None), setting(Sources, is_private=lambda *_: False)
)
_any_time = setting(simple_api, upload_time=lambda value: value)

ATTACKS = [
    named("confused-by-a-higher-version", _confusing("acme\n"), _from_pips_index),
    named("confused-without-private", _confusing("acme\n", private=False), _from_pips_index),
    named("confused-by-a-requirement", _confusing("app\n"), _from_pips_index),
    named("confused-while-the-source-is-down", _confusing("acme\n", down=True), _from_pips_index),
    named("exchanged-after-it-was-locked", _exchanged, without(memory, "require_same")),
    named("upload-time-missing", _young(None), without(MinAge, "verdicts", ())),
    named("upload-time-before-all-years", _admitted("0000-00-00T00:00:00Z"), _any_time),
    named("upload-time-in-other-digits", _young("١٩٩٩-01-01T00:00:00Z"), setting(MinAge, verdicts=lambda *_: ())),
    named("upload-time-that-is-none", _ends_with_a_traceback("2026-13-45T00:00:00Z"), _any_time),
]

"""
What the pages for people cost beside the index: as many projects as wheels, each with a README of real size.

One set requests every hundredth project, and each project requires the next one. ``python -m tests.evidence.bench.index.people``
measures it alone.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from pypi_subset.cli.display import Display
from pypi_subset.model import paths
from pypi_subset.model.locks import Inputs, Lock, Pin, Reason
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.site import build_state, builder
from pypi_subset.site.content import Content
from pypi_subset.site.pages import people
from tests.evidence.bench.measure import COLD
from tests.support.pages import browser
from tests.support.stages.values import LINUX, artifact_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pypi_subset.model.distributions import Artifact

#: The phases: nothing is there; all is gone but the rendered READMEs; one project more.
AGAIN, MORE = "READMEs cached", "one project more"
#: Seconds for each project that pages may take when cold, and how many times the index they may take otherwise.
EACH, RATIO = 0.020, 1.0
#: Milliseconds that a search may take, and what is searched: everything, one, nothing, many words.
SEARCH = 50.0
SEARCHES = ("p", "project", "project-00123", "thing", "one thing 77", "nothing at all", "project 1 2 3")
COLUMNS = ("phase", "projects", "index, s", "pages, s", "x index", "ms per project", "CPU ms", "goal", "met")
#: Projects between two requests.
_APART = 100
#: Nanoseconds: when all were written, long enough ago that none of them counts as one that may still change.
_WRITTEN = 1_700_000_000_123_456_789

_MARKDOWN = """# Project {0}

[![build](https://ci.example/{0}.svg)](https://ci.example/{0}) ![chart](docs/chart.png)

Project {0} does **one thing**. See the [documentation](https://docs.example/{0}) and `help()`.

## Install

```console
$ pip install project-{0}
```

| option | default | meaning |
| --- | --- | --- |
| `--fast` | no | leaves out what takes long |
| `--deep` | 3 | how far it looks |

"""
_RST = """Project {0}
===========

.. image:: https://ci.example/{0}.svg
   :target: https://ci.example/{0}

Project {0} does **one thing**. See `the documentation <https://docs.example/{0}>`_ and ``help()``.

Install
-------

.. code-block:: console

   $ pip install project-{0}

"""
_USE_MARKDOWN = """## Part {1}

Some words about part {1} of project {0}, which are about as long as a paragraph of a README usually is. They have *one*
emphasis, one [link](https://docs.example/{1}), and a list:

- the first item, with `code`
- the second item

```python
from project_{0} import part_{1}

with part_{1}.opened("a file") as one:
    print(one.read(limit={1}))
```

"""
_USE_RST = """Part {1}
--------

Some words about part {1} of project {0}, which are about as long as a paragraph of a README usually is. They have *one*
emphasis, one `link {1} <https://docs.example/{1}>`__, and a list:

- the first item, with ``code``
- the second item

.. code-block:: python

   from project_{0} import part_{1}

   with part_{1}.opened("a file") as one:
       print(one.read(limit={1}))

"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """
    What one phase took.

    :param index: seconds of the whole index stage alone.
    :param pages: seconds of the pages for people in a build of the same wheels.
    :param processor: seconds of all processors in the same time, with those of children.
    """

    phase: str
    projects: int
    index: float
    pages: float
    processor: float


def run(display: Display, folder: Path, count: int) -> None:
    """Show what the pages of *count* projects cost; *folder* is for the wheels and the sites."""
    found = list(measure(folder, count))
    display.table(COLUMNS, [row(one) for one in found], title="pages for people beside the index")
    if shutil.which("chromium"):
        slowest = searched(folder / "site" / paths.PAGE, folder / "home")
        display.say(f"search: {slowest:.1f} ms for the slowest of {len(SEARCHES)}; the goal is {SEARCH:.0f} ms")


def searched(page: Path, home: Path) -> float:
    """
    Return the milliseconds from a change of the words to the list on the page, for the slowest of `SEARCHES`.

    Each is searched five times, and the fastest time counts: others depend on what else the machine does.
    """
    script = f"""(async () => {{
        const box = document.querySelector("#search"), took = [];
        const pause = () => new Promise((done) => setTimeout(done));
        box.focus();
        while (!document.querySelector("output").textContent) {{
            box.value = "x";
            box.dispatchEvent(new Event("input"));
            await pause();
        }}
        for (const words of {json.dumps(SEARCHES)}) {{
            const own = [];
            for (let time = 0; time < 5; time++) {{
                const started = performance.now();
                box.value = words;
                box.dispatchEvent(new Event("input"));
                await pause();
                document.body.offsetHeight;
                own.push(performance.now() - started);
            }}
            took.push(Math.min(...own));
        }}
        return Math.max(...took);
    }})()"""
    with browser.tab(home) as tab:
        tab.open(page.as_uri())
        return float(tab.run(script))


def row(one: Cost) -> tuple[object, ...]:
    """Return the row of the table for one phase."""
    each = one.pages / one.projects
    ratio = one.pages / one.index
    cold = one.phase == COLD
    met = each <= EACH if cold else one.phase == AGAIN or ratio <= RATIO
    goal = f"{EACH * 1000:.0f} ms" if cold else "" if one.phase == AGAIN else f"{RATIO:.1f} x"
    shown = "" if one.phase == AGAIN else "yes" if met else "NO"
    spent = one.processor / one.projects
    cells = (f"{one.index:.2f}", f"{one.pages:.2f}", f"{ratio:.2f}", f"{each * 1000:.2f}", f"{spent * 1000:.2f}")
    return (one.phase, f"{one.projects:,}", *cells, goal, shown)


def measure(folder: Path, count: int) -> Iterator[Cost]:
    """Yield what each phase costs."""
    packages = folder / "packages"
    packages.mkdir(parents=True)
    wheels = [_made(packages, number) for number in range(count + 1)]
    for phase, number in ((COLD, count), (AGAIN, count), (MORE, count + 1)):
        if phase == AGAIN:
            for place in (folder / "site", packages / build_state.FILE, folder / "alone"):
                shutil.rmtree(place) if place.is_dir() else place.unlink()
        held = wheels[:number]
        index = _index(folder, held)
        pages, processor = _pages(folder, held)
        yield Cost(phase=phase, projects=number, index=index, pages=pages, processor=processor)


def _index(folder: Path, held: list[Artifact]) -> float:
    """Return the seconds of the index alone, with its own cache."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    started = time.perf_counter()
    builder.build_index([one.path for one in held], alone / "site", cache=alone)
    return time.perf_counter() - started


def _pages(folder: Path, held: list[Artifact]) -> tuple[float, float]:
    """Return the seconds that a build of a whole site spends on the pages for people, elapsed and of processors."""
    packages = folder / "packages"
    took: list[tuple[float, float]] = []

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def watched(*args: object, **named: object) -> object:
            started = time.perf_counter(), sum(os.times()[:4])
            result = call(*args, **named)
            took.append((time.perf_counter() - started[0], sum(os.times()[:4]) - started[1]))
            return result

        return watched

    cache = FileCache(packages / "cache")
    original = people.write_pages
    people.write_pages = timed(original)
    try:
        with builder.staged_site(_content(held), folder / "site", cache, packages / build_state.FILE):
            pass
    finally:
        people.write_pages = original
    cache.save()
    (found,) = took
    return found


def _content(held: list[Artifact]) -> Content:
    names = [one.distribution.project for one in held]
    asked = names[::_APART]
    subset = plan_of(asked, [LINUX])
    origins = {name: f"base.txt:{number}" for number, name in enumerate(asked, 1)}
    pins = []
    for number, one in enumerate(held):
        name = names[number]
        reasons = [Reason(requirement=Requirement(name), origin=origins[name])] if name in origins else []
        if number % _APART:
            reasons.append(Reason(requirement=Requirement(name), by=names[number - 1]))
        pins.append(Pin(distribution=one.distribution, reasons=tuple(reasons)))
    inputs = Inputs(requirement_set="0", target="0", policy="0", constraint="0")
    lock = Lock(set_name="base", target_name=LINUX.name, inputs=inputs, pins=tuple(pins))
    return Content(subset=subset, locks=[lock], artifacts=held)


def _made(packages: Path, number: int) -> Artifact:
    """Return a wheel with a README of 4 to 12 kB, four in five of them in Markdown."""
    head, part, kind = (
        (_RST, _USE_RST, "text/x-rst") if number % 5 == 0 else (_MARKDOWN, _USE_MARKDOWN, "text/markdown")
    )
    text = head.format(number) + "".join(part.format(number, one) for one in range(8 + number % 13))
    more = (f"Summary: Does one thing, the {number}th", "License-Expression: MIT", f"Description-Content-Type: {kind}")
    wheel = make_wheel(f"project_{number:05d}", requires=[f"project-{number + 1:05d}"], more=more, readme=text)
    path = wheel.save(packages)
    os.utime(path, ns=(_WRITTEN, _WRITTEN))
    return artifact_of(path)


def main() -> None:
    """Measure as many projects as the first argument says."""
    from tests.evidence.bench.index.indexing import workplace  # noqa: PLC0415 - which uses this module

    with workplace() as (folder, _):
        run(Display(), folder, int(sys.argv[1]))


if __name__ == "__main__":
    main()

"""
Renders READMEs, as a program of its own: ``python -m pypi_subset.site.readme._program``.

It reads one JSON object a line, with ``text`` and ``kind``, and writes the HTML as one JSON string a line. A README that
cannot be rendered ends the process or its time; the parent then shows it as plain text.
"""

from __future__ import annotations

import json
import signal
import sys

#: Seconds of a processor that one README may take, and bytes of memory of the process.
PROCESSOR, MEMORY = 5, 2 << 30
#: The first line that is written, once the renderers are loaded.
READY = b'"ready"\n'


def main() -> None:
    """Answer each line of standard input with one line, until it ends."""
    # Not before the limits hold. The two renderers are loaded before the first README, so that a lack of one shows.
    import readme_renderer.markdown  # noqa: PLC0415
    import readme_renderer.rst  # noqa: F401, PLC0415

    from pypi_subset.site.readme.markup import markup_of  # noqa: PLC0415

    sys.stdout.write(READY.decode())
    sys.stdout.flush()
    for line in sys.stdin.buffer:
        _allow(PROCESSOR)
        asked = json.loads(line)
        sys.stdout.write(f"{json.dumps(markup_of(asked['text'], asked['kind']))}\n")
        sys.stdout.flush()
        _allow(0)


def limit_memory() -> None:
    """Bound the memory of this process, where the system can."""
    try:
        import resource  # noqa: PLC0415 - Windows has no such module
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))


def _allow(seconds: float) -> None:
    """End this process after so many seconds of its processor, where the system can; 0 allows any number."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)


if __name__ == "__main__":
    limit_memory()
    main()

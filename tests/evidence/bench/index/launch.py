"""
One command, what it took and what it said: ``python -I -S launch.py COMMAND …`` prints that as JSON.

A process inherits the peak of the one that starts it (execve(2) keeps ``ru_maxrss``), so it is a small one that does.
"""

import json
import os
import resource
import subprocess
import sys
import time

started = time.perf_counter()
done = subprocess.run(
    sys.argv[1:],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    encoding="utf-8",
    errors="replace",
    check=False,
    # One of ours tells by this how long Python took to start.
    env={**os.environ, "BENCH_STARTED": str(started)},
)
seconds = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
took = {
    "seconds": seconds,
    "processor": used.ru_utime + used.ru_stime,
    "peak": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    "code": done.returncode,
    "said": done.stdout,
}
sys.stdout.write(json.dumps(took))

"""
Hosts that are busy or in trouble: how long a run waits for one, and how many requests it sends there at the same time.

A pause holds for all requests to the host: if each waited for itself, all of them would come back together.
"""

from __future__ import annotations

import contextlib
import threading
from time import monotonic, sleep
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Answers that ask for another attempt (RFC 9110, 15.5 and 15.6; RFC 6585, 4; RFC 8470, 5.2).
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Seconds of trouble that a request lasts through, for each of pip's ``retries``: a minute with pip's default of 5.
SECONDS_PER_RETRY = 12.0
#: Seconds of the first pause, and of the longest that is not asked for by the server; each is twice the one before.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 16.0
#: Good answers after which one more request at the same time is tried.
_STEADY = 32
#: Seconds of a pause from which the user hears of it.
_WORTH_SAYING = 2.0


class Hosts:
    """
    The hosts that one run asks; any thread may use them.

    :param patience: seconds of trouble that one request lasts through; 0: none.
    :param say: receives a line when all requests to a host wait.
    """

    def __init__(self, patience: float, say: Callable[[str], None] | None = None) -> None:
        self._patience, self._say = patience, say
        self._lock = threading.Lock()
        self._known: dict[str, Host] = {}
        self._closed = False

    def at(self, url: str) -> Host:
        """Return the host that *url* names, with its port."""
        try:
            name = (urlsplit(url).netloc or url).rpartition("@")[2].lower()
        except ValueError:
            name = ""
        with self._lock:
            if name not in self._known:
                self._known[name] = Host(name, 0.0 if self._closed else self._patience, self._say)
            return self._known[name]

    def close(self) -> None:
        """Make no further attempt and say nothing more: the run has ended, and a thread of it may still be waiting."""
        with self._lock:
            self._closed, self._say = True, None
            for host in self._known.values():
                host.close()


class Host:
    """
    One host: whether it has answered, how many requests it gets at the same time, and until when it is left alone.

    :param name: with its port, without credentials.
    :param patience: as in `Hosts`.
    :param say: as in `Hosts`.
    """

    def __init__(self, name: str, patience: float, say: Callable[[str], None] | None = None) -> None:
        self.name, self.patience, self._say = name, patience, say
        #: Whether it has given a good answer in this run: a later failure is an outage, and no wrong address.
        self.answered = False
        self._changed = threading.Condition()
        self._running = 0
        #: Requests at the same time; ``None`` before any trouble.
        self._most: int | None = None
        self._good = 0
        self._pause, self._until = 0.0, 0.0

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Begin the block as soon as the host may get one more request."""
        with self._changed:
            self._changed.wait_for(lambda: self._most is None or self._running < self._most)
            self._running += 1
        try:
            self.wait()
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """As `Hosts.close`."""
        self.patience, self._say = 0.0, None

    def attempts(self, *, patient: bool = True) -> Attempts:
        """Return the attempts of one request, which are one alone if it is not *patient*."""
        return Attempts(self, patient=patient)

    def good(self) -> None:
        """Note a good answer."""
        with self._changed:
            self.answered = True
            self._good += 1
            if monotonic() >= self._until:
                self._pause = 0.0
            if self._most is not None and self._good >= _STEADY:
                self._most, self._good = self._most + 1, 0
                self._changed.notify_all()

    def trouble(self, why: str, wanted: float = 0.0) -> None:
        """
        Note that the host failed: it gets half as many requests at the same time, after a pause.

        :param why: what it did, such as ``answered 429``.
        :param wanted: seconds that it asks for; at most `bounds.LONGEST_PAUSE` are granted.
        """
        with self._changed:
            now = monotonic()
            wanted = min(wanted, bounds.LONGEST_PAUSE)
            # Requests that were under way fail together: that is one trouble.
            if now >= self._until:
                self._pause = min(max(_FIRST_PAUSE, 2 * self._pause), _LONGEST_PAUSE)
                self._most, self._good = max(1, (self._most or self._running) // 2), 0
                pause = max(self._pause, wanted)
            else:
                pause = wanted
            new, self._until = now + pause > self._until, max(self._until, now + pause)
            most = self._most
        if new and pause >= _WORTH_SAYING and (say := self._say) is not None:
            say(f"{self.name} {why}: waiting {pause:.0f} s, then {most} at a time")

    def wait(self) -> None:
        """Return when the host may be asked."""
        while (left := self._until - monotonic()) > 0:
            sleep(left)


class Attempts:
    """The attempts of one request to *host*."""

    def __init__(self, host: Host, *, patient: bool = True) -> None:
        self._host, self._patient = host, patient
        self._since: float | None = None

    def again(self, why: str, wanted: float = 0.0) -> bool:
        """
        Return whether there is another attempt, after the pause before it.

        :param why: as in `Host.trouble`.
        :param wanted: as in `Host.trouble`.
        """
        if self.over():
            return False
        self._host.trouble(why, wanted)
        self._host.wait()
        return True

    def over(self) -> bool:
        """Return whether the trouble, which begins with the first call, has lasted as long as the host's patience."""
        now = monotonic()
        if self._since is None:
            self._since = now
        return not self._patient or now - self._since >= self._host.patience

    def moved_on(self) -> None:
        """Note that the request got further: what comes is new trouble."""
        self._since = None

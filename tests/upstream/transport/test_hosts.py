"""Hosts in trouble: one pause for all, half as many requests, and a line about it."""

from __future__ import annotations

import threading

from pypi_subset.upstream.transport.hosts import Hosts
from tests.support.programs.ending import ending


def test_a_host_is_its_name_and_port() -> None:
    """Credentials, path and case do not make another host; a port does, and what is no URL is no fault here."""
    known = Hosts(60)
    one = known.at("https://me:s3cret@Index.example:8/simple/")
    assert one is known.at("https://index.example:8/files/x?token=1")
    assert one is not known.at("https://index.example/simple/")
    assert one.name == "index.example:8"
    assert known.at("http://[1::2/").name == ""


def test_trouble_halves_what_runs(pauses: list[float]) -> None:
    """Of six requests that fail together one pause comes, and three run from then on; good answers bring one more."""
    said = list[str]()
    host = Hosts(60, said.append).at("https://index.example/")
    turns = [host.turn() for _ in range(6)]
    for turn in turns:
        turn.__enter__()
    for _ in turns:
        host.trouble("answered 429", 4)
    for turn in turns:
        turn.__exit__(None, None, None)
    assert said == ["index.example answered 429: waiting 4 s, then 3 at a time"]
    running, most, lock = 0, 0, threading.Lock()
    done = threading.Barrier(3)

    def request() -> None:
        nonlocal running, most
        with host.turn():
            with lock:
                running += 1
                most = max(most, running)
            done.wait()
            with lock:
                running -= 1

    threads = [threading.Thread(target=request, daemon=True) for _ in range(9)]
    with ending():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 3
    assert pauses == [4]


def test_pauses_begin_again_after_a_good_answer(pauses: list[float]) -> None:
    """The pause doubles as long as no answer is good."""
    host = Hosts(1000).at("https://index.example/")
    attempts = host.attempts()
    for _ in range(3):
        assert attempts.again("answered 503")
    host.good()
    assert attempts.again("answered 503")
    assert pauses == [0.5, 1, 2, 0.5]


def test_what_gets_further_has_its_patience_again(pauses: list[float]) -> None:
    """A file that arrives piece by piece is not given up after a minute in all."""
    attempts = Hosts(10).at("https://index.example/").attempts()
    for _ in range(8):
        assert attempts.again("broke the connection")
        attempts.moved_on()
    assert sum(pauses) > 20
    while attempts.again("broke the connection"):
        pass
    assert attempts.over()


def test_after_the_run_there_is_no_attempt(pauses: list[float]) -> None:
    """A thread that is left behind ends with its next failure, and prints nothing."""
    said = list[str]()
    hosts_of_run = Hosts(60, said.append)
    host = hosts_of_run.at("https://index.example/")
    attempts = host.attempts()
    assert attempts.again("answered 503")
    hosts_of_run.close()
    assert not attempts.again("answered 503", 8)
    assert not hosts_of_run.at("https://other.example/").attempts().again("answered 503", 8)
    host.trouble("answered 503", 8)
    assert (pauses, said) == ([0.5], [])

"""Reaching listeners of this machine: each holds the connection or the mark that it got."""

from __future__ import annotations

from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks.aims import reached, said

_KIND = "network"
_STREAM = "tried(socket.socket({family}).connect, {address})"
_INET, _INET6, _UNIX = "socket.AF_INET", "socket.AF_INET6", "socket.AF_UNIX"

_CODE = {
    "tcp": _STREAM.format(family=_INET, address="tuple(W['tcp'])"),
    "tcp-ipv6": _STREAM.format(family=_INET6, address="tuple(W['tcp6'])"),
    "udp": "tried(socket.socket(type=socket.SOCK_DGRAM).sendto, MARK.encode(), tuple(W['udp']))",
    "abstract-socket": _STREAM.format(family=_UNIX, address="'\\0' + W['marker']"),
    "abstract-datagrams": "tried(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto, MARK.encode(), "
    "'\\0' + W['marker'] + '-datagrams')",
    "x11": _STREAM.format(family=_UNIX, address="f\"\\0/tmp/.X11-unix/X{W['judge']}\""),
    "docker-socket": _STREAM.format(family=_UNIX, address="W['docker']"),
    "message-bus": _STREAM.format(family=_UNIX, address="W['dbus']"),
    "netlink": "tried(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2).sendto, MARK.encode(), (W['netlink'][0], 0))",
    "child-connects": """
        code = f"socket.create_connection({tuple(W['tcp'])!r})"
        spawn(code, stderr=subprocess.DEVNULL).wait()
    """,
    "thread-connects": """
        one = threading.Thread(target=tried, args=(socket.create_connection, tuple(W["tcp"])))
        one.start()
        one.join()
    """,
    "every-port": """
        for port in range(W["tcp"][1] - 50, W["tcp"][1] + 50):
            tried(socket.create_connection, ("127.0.0.1", port), 1)
    """,
}

ATTACKS = (
    *(Attack(name=name, kind=_KIND, code=code, succeeded=reached) for name, code in _CODE.items()),
    *(
        Attack(name=f"{when}-connects", kind=_KIND, code=_CODE["tcp"], when=moment, succeeded=reached)
        for when, moment in (("script", "script"), ("start", "pth"))
    ),
    Attack(
        name="raw-packets",
        kind=_KIND,
        code="""
            one = tried(socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            tried(lambda: one.sendto(b"\\x08\\0\\0\\0\\0\\0\\0\\0" + MARK.encode(), ("127.0.0.1", 0)))
        """,
        succeeded=reached,
        users=("root",),
    ),
    Attack(
        name="network-of-the-judge",
        kind=_KIND,
        # From a network namespace of its own back into the judge's.
        code="""
            space = tried(os.open, f"/proc/{W['judge']}/ns/net", os.O_RDONLY)
            libc.unshare(0x40000000)
            libc.setns(space if isinstance(space, int) else -1, 0)
            tried(socket.create_connection, tuple(W["tcp"]))
        """,
        succeeded=reached,
        users=("root",),
    ),
    Attack(
        name="other-address-families",
        kind=_KIND,
        # Sockets to the hypervisor belong to no network namespace. Made, and never connected.
        code="""
            made = [one for one in (40, 38, 16) if isinstance(tried(socket.socket, one, socket.SOCK_STREAM), socket.socket)]
            say(["made"] * (40 in made))
        """,
        succeeded=said("['made']"),
    ),
)

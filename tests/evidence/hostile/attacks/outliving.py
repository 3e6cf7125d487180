"""Running on after the proof has ended."""

from __future__ import annotations

from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks.aims import outlived

_KIND = "outliving"
_SLEEP = "time.sleep(60)"
_CODE = {
    "new-session": f"spawn({_SLEEP!r}, start_new_session=True)",
    "double-fork": f"""
        if os.fork() == 0:
            os.setsid()
            spawn({_SLEEP!r})
            os._exit(0)
    """,
    "ignoring-signals": """
        spawn("[signal.signal(n, signal.SIG_IGN) for n in (1, 2, 3, 13, 15)]; os.setsid(); time.sleep(60)")
        time.sleep(0.3)
    """,
    "daemon-of-a-thread": f"""
        one = threading.Thread(target=lambda: spawn({_SLEEP!r}, start_new_session=True))
        one.start()
        one.join()
    """,
    "many-daemons": f"""
        for _ in range(20):
            spawn({_SLEEP!r}, start_new_session=True)
    """,
    "reborn": """
        code = "import subprocess\\nif os.fork(): os._exit(0)\\nos.setsid()\\nwhile os.fork() == 0: time.sleep(0.5)"
        spawn(code + "\\ntime.sleep(60)", start_new_session=True)
        time.sleep(0.5)
    """,
}

ATTACKS = (
    *(Attack(name=name, kind=_KIND, code=code, succeeded=outlived) for name, code in _CODE.items()),
    *(
        Attack(name=f"{name}-leaves-a-daemon", kind=_KIND, code=_CODE["double-fork"], when=when, succeeded=outlived)
        for name, when in (("script", "script"), ("start", "pth"))
    ),
)

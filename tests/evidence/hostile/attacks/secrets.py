"""Reading what belongs to the user who proves: the attack says what it found, and the report would have it."""

from __future__ import annotations

from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks.aims import leaked

_KIND = "reading"
_KEYCTL = """
KEYCTL = 250
held = ctypes.create_string_buffer(200)
def listed():
    lines = [line.split() for line in open("/proc/keys")]
    return [(int(line[0], 16), line[7], line[8]) for line in lines]
"""

_CODE = {
    "ssh-key": "say(tried(read, W['home'] + '/.ssh/id_ed25519'))",
    "netrc": "say(tried(read, W['home'] + '/.netrc'))",
    "key-of-reports": "say(tried(read, W['home'] + '/.config/pypi-subset/key'))",
    "pip-configuration": "say(tried(read, W['home'] + '/.config/pip/pip.conf'))",
    "shell-history": "say(tried(read, W['home'] + '/.bash_history'))",
    "environment-of-the-judge": "say(tried(read, f\"/proc/{W['judge']}/environ\"))",
    "environment-of-a-process": "say(tried(read, f\"/proc/{W['victim']}/environ\"))",
    "environment-of-all-processes": """
        found = []
        for one in filter(str.isdigit, os.listdir("/proc")):
            data = tried(read, f"/proc/{one}/environ")
            found += [part for part in data.split(b"\\0") if b"HOSTILE" in part] if isinstance(data, bytes) else []
        say(found[:3])
    """,
    "environment-of-the-parent": "say(tried(read, f'/proc/{os.getppid()}/environ'))",
    "memory-of-a-process": """
        def memory():
            with open(f"/proc/{W['victim']}/mem", "rb", 0) as stream:
                stream.seek(W["address"])
                return stream.read(64)
        say(tried(memory))
    """,
    "process-vm-readv": """
        held = ctypes.create_string_buffer(64)
        ours = (ctypes.c_size_t * 2)(ctypes.addressof(held), 64)
        theirs = (ctypes.c_size_t * 2)(W["address"], 64)
        libc.process_vm_readv(W["victim"], ours, 1, theirs, 1, 0)
        say(held.value)
    """,
    "file-without-a-name": "say(tried(read, f\"/proc/{W['victim']}/fd/{W['hidden']}\"))",
    "open-file-of-the-judge": "say(tried(read, f\"/proc/{W['judge']}/fd/{W['open']}\"))",
    "stolen-descriptor": """
        pidfd = tried(os.pidfd_open, W["victim"])
        stolen = call(438, pidfd, W["hidden"], 0) if isinstance(pidfd, int) else -1
        say(os.pread(stolen, 100, 0) if stolen >= 0 else "")
    """,
    "own-descriptors": """
        found = [tried(os.pread, number, 100, 0) for number in range(3, 200)]
        found += [tried(read, f"/proc/{W['judge']}/fd/{number}") for number in range(3, 30)
                  if "memfd" in str(tried(os.readlink, f"/proc/{W['judge']}/fd/{number}"))]
        say([one for one in found if isinstance(one, bytes)])
    """,
    "directory-of-a-process": "say(tried(read, f\"/proc/{W['victim']}/cwd/.netrc\"))",
    "root-of-a-process": "say(tried(read, f\"/proc/{W['victim']}/root{W['home']}/.netrc\"))",
    "keyring-of-the-user": _KEYCTL
    + """
key = call(KEYCTL, 10, -4, b"user", W["marker"].encode(), 0)
call(KEYCTL, 11, key, held, 200)
say(held.value)
""",
}

ATTACKS = (
    *(Attack(name=name, kind=_KIND, code=code, succeeded=leaked) for name, code in _CODE.items()),
    Attack(
        name="keyring-linked-by-number",
        kind=_KIND,
        # A keyring of the same user may be linked by its number, whatever user namespace it belongs to; its keys are
        # then the process's own.
        code=_KEYCTL
        + """
for number, kind, name in listed():
    if kind == "keyring":
        call(KEYCTL, 8, number, -3)
for number, kind, name in listed():
    if kind == "user" and name.startswith(W["marker"]):
        call(KEYCTL, 11, number, held, 200)
say(held.value)
""",
        succeeded=leaked,
    ),
    Attack(
        name="script-reads",
        kind=_KIND,
        code="say(tried(read, W['home'] + '/.netrc'))",
        when="script",
        succeeded=leaked,
    ),
)

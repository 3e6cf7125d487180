"""Writing to what the proof is about, and to what others run later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks.aims import marked, said
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.evidence.hostile.world import World
    from tests.support.wheels import Wheel

#: Name → code that marks a file; where it fails, nothing more happens.
_FILES = {
    "site-wheel": "import glob\nfor path in glob.glob(W['site'] + '/simple/evil/*.whl'): tried(mark, path)",
    "site-page": "tried(mark, W['site'] + '/simple/evil/index.html')",
    "site-manifest": "tried(mark, W['site'] + '/manifest.json')",
    "site-report": "tried(os.makedirs, W['site'] + '/proof'); tried(mark, W['site'] + '/proof/report.json')",
    "site-new-file": "tried(mark, W['site'] + '/simple/evil/evil-2.0-py3-none-any.whl')",
    "site-renamed": "tried(os.rename, W['site'] + '/simple', W['site'] + '/' + MARK)",
    "packages-wheel": "tried(mark, W['packages'] + '/other-1.0-py3-none-any.whl')",
    "cached-results": "tried(mark, W['packages'] + '/.proven.json')",
    "requirements-set": "tried(mark, W['requirements'] + '/base.txt')",
    "requirements-lock": "tried(mark, W['requirements'] + '/lock/pylock.base--here.toml')",
    "tool-environment": "tried(mark, W['venv'] + '/lib/site-packages/evil.pth')",
    "seeded-pip": "import pip\ntried(mark, pip.__file__)",
    "neighbour-environment": "tried(mark, W['neighbour'] + '/evil.pth')",
    "own-environment": "tried(mark, sys.prefix + '/evil'); tried(mark, __file__)",
    "own-interpreter": "tried(os.remove, sys.executable); tried(os.symlink, '/' + MARK, sys.executable)",
    "shell-profile": "tried(mark, W['home'] + '/.bashrc')",
    "pip-cache": "tried(os.makedirs, W['home'] + '/.cache/pip'); tried(mark, W['home'] + '/.cache/pip/evil')",
    "open-directory": "tried(mark, W['canary'])",
    "link-to-site": "tried(os.symlink, W['site'] + '/' + MARK, W['canaries'] + '/link')",
}
_KIND = "writing"
#: Modules that pip imports where they are installed, at any moment of its work: none of them may run while it installs.
_OPTIONAL = (
    *("keyring", "truststore", "brotli", "zstandard", "simplejson", "chardet", "socks", "OpenSSL", "cryptography"),
    *(
        "IPython",
        "setuptools",
        "distutils",
        "pkg_resources",
        "requests",
        "certifi",
        "compression",
        "importlib_metadata",
    ),
)
_AT_INSTALLATION = "tried(mark, sys.prefix + '/evil')"


def _optional(world: World) -> list[Wheel]:
    code = Attack(name="", kind=_KIND, code=_AT_INSTALLATION, succeeded=marked).source(world).encode()
    return [make_wheel("evil", files={f"{name}/__init__.py": code for name in _OPTIONAL})]


ATTACKS = (
    *(Attack(name=name, kind=_KIND, code=code, succeeded=marked) for name, code in _FILES.items()),
    Attack(name="script-writes", kind=_KIND, code="tried(mark, W['canary'])", when="script", succeeded=marked),
    Attack(name="start-writes", kind=_KIND, code="tried(mark, W['canary'])", when="pth", succeeded=marked),
    Attack(name="modules-that-pip-looks-for", kind=_KIND, wheels=_optional, succeeded=marked),
    Attack(
        name="standard-library",
        kind=_KIND,
        # Opened and not written: it is the machine's own.
        code="say(['opened'] * (type(tried(os.open, os.__file__, os.O_WRONLY)) is int))",
        succeeded=said("['opened']"),
        users=("root",),
    ),
)

"""
What becomes of each setting of pip: obeyed, overridden, or refused.

A setting that narrows what pip may take is never passed over in silence: it is obeyed, or refused by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: ``obeyed``: it counts for mirror as for pip. ``overridden``: it changes nothing. ``refused``: it is an error if it is set.
Treatment: TypeAlias = Literal["obeyed", "overridden", "refused"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """
    What becomes of one setting.

    :param why: for the manual: what it does here, or why it has no effect. Of a refused one: what it would mean.
    :param instead: what the user can do if it is refused.
    """

    treatment: Treatment
    why: str
    instead: str = ""


def _obeyed(why: str, *names: str) -> dict[str, Setting]:
    return dict.fromkeys(names, Setting(treatment="obeyed", why=why))


def _overridden(why: str, *names: str) -> dict[str, Setting]:
    return dict.fromkeys(names, Setting(treatment="overridden", why=why))


def _refused(why: str, instead: str, *names: str) -> dict[str, Setting]:
    return dict.fromkeys(names, Setting(treatment="refused", why=why, instead=instead))


#: By the name that pip's configuration files have; the variable of ``no-index`` is ``PIP_NO_INDEX``.
SETTINGS: dict[str, Setting] = {
    **_obeyed("the indexes", "index-url", "extra-index-url", "pypi-url"),
    **_obeyed("no index is asked, and `find-links` alone counts; an index in `[sources]` is an error then", "no-index"),
    **_obeyed("directories, files, and pages with links", "find-links"),
    **_obeyed("files uploaded later are left out", "uploaded-prior-to"),
    **_obeyed("versions are limited in every set", "constraint"),
    **_obeyed("wheels alone are taken, as always; an error if `[sdists]` builds anything", "only-binary"),
    **_obeyed("how servers are reached", "proxy", "no-proxy-env", "timeout", "default-timeout", "retries"),
    **_obeyed("how servers are reached", "resume-retries", "use-deprecated", "use-feature"),
    **_obeyed("whom to trust", "cert", "client-cert", "trusted-host"),
    **_obeyed("where credentials come from; nothing is asked on the terminal", "keyring-provider", "no-input"),
    **_refused(
        "asks for sdists, and mirror takes wheels",
        'write [sdists] build = ["PROJECT"] in subset.toml, and unset it for this run',
        "no-binary",
    ),
    **_refused(
        "wants a hash in each line of a requirements file",
        "write --require-hashes into that file, and unset it for this run",
        "require-hashes",
    ),
    **_refused(
        "names a machine",
        "targets in subset.toml name machines; unset it for this run",
        *("platform", "python-version", "implementation", "abi"),
    ),
    **_refused(
        "shuts out pre-releases that a line names",
        "exclude them in requirements/ ('PROJECT!=2.0rc1'), and unset it for this run",
        "only-final",
    ),
    **_refused(
        "limits what builds require, in a way that no lock has",
        "pin build requirements in requirements/ or by `constraint`, and unset it for this run",
        "build-constraint",
    ),
    **_refused("leaves out what was asked for", "unset it for this run", "only-dependencies", "only-deps"),
    **_overridden("a line of requirements/ says so: `--pre`, or a version", "pre", "all-releases"),
    **_overridden("a site has all dependencies", "no-deps", "no-dependencies"),
    **_overridden("wheels alone are taken, as always", "prefer-binary"),
    **_overridden("hashes of lines are always compared", "no-require-hashes"),
    **_overridden("the Python of each target counts", "ignore-requires-python", "python"),
    **_overridden(
        "requirements/ says what is asked for", "requirement", "editable", "group", "requirements-from-script"
    ),
    **_overridden("mirror has its own directories", "dest", "destination-dir", "destination-directory", "no-clean"),
    **_overridden("mirror has its own directories", "src", "source", "source-dir", "source-directory", "exists-action"),
    **_overridden("each run asks the indexes again", "cache-dir", "no-cache-dir", "refresh-package"),
    **_overridden("`[sdists]` says how sdists are built", "no-build-isolation", "use-pep517", "config-settings"),
    **_overridden("`[sdists]` says how sdists are built", "check-build-dependencies", "compile", "no-compile"),
    **_overridden("mirror prints its own lines", "quiet", "verbose", "progress-bar", "no-color", "debug"),
    **_overridden("mirror prints its own lines", "log", "log-file", "local-log", "report"),
    **_overridden("they are about pip itself", "help", "isolated", "require-virtualenv", "require-venv"),
    **_overridden("they are about pip itself", "disable-pip-version-check", "no-python-version-warning"),
    **_overridden("mirror installs nothing", "user", "no-user", "target", "prefix", "root", "root-user-action"),
    **_overridden("mirror installs nothing", "upgrade", "upgrade-strategy", "force-reinstall", "ignore-installed"),
    **_overridden("mirror installs nothing", "dry-run", "break-system-packages", "no-warn-conflicts"),
    **_overridden("mirror installs nothing", "no-warn-script-location"),
}

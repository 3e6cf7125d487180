"""What each key of ``subset.toml`` contains: the words of the page that `reference` writes."""

from __future__ import annotations

_TARGETS = '[targets]\nx = "cp312-win_amd64"\n'
#: A table → a document that has an unknown key in it.
TABLES: dict[str, str] = {
    "At the top": f"zzzz = 1\n{_TARGETS}",
    "`[targets]` NAME": '[targets.x]\non = "rhel9"\nzzzz = 1\n',
    "`[sets.NAME]`": f"[sets.base]\nzzzz = 1\n{_TARGETS}",
    "`[sources.NAME]`": f'[sources.acme]\nwheels = "../x"\nprojects = ["a"]\nzzzz = 1\n{_TARGETS}',
    "`[sdists]`": f"[sdists]\nzzzz = 1\n{_TARGETS}",
    "`[bootstrap]`": f"[bootstrap]\nzzzz = 1\n{_TARGETS}",
    "`[policy]`": f"[policy]\nzzzz = 1\n{_TARGETS}",
    "`[[policy.accept]]`": f'[[policy.accept]]\nrule = "gap"\nzzzz = 1\n{_TARGETS}',
    "`[proof]`": f"[proof]\nzzzz = 1\n{_TARGETS}",
}
MEANINGS: dict[str, dict[str, str]] = {
    "At the top": {
        "targets": "the machines, see [targets](targets.md)",
        "sets": "tables that restrict sets, or make them from other documents",
        "sources": "where projects come from, see [sources](sources.md); `private` is a list of names in it",
        "policy": "rules about releases, see [policy](policy.md)",
        "proof": "settings of verify",
        "outside": "paths elsewhere that `-r` and `-c` may include",
        "sdists": "projects whose sdists are built or kept, see [sdists](sdists.md)",
        "channels": "names for destinations of promote, see [states](states.md)",
        "bootstrap": "pip and uv for machines without them, see [the installer](installer.md)",
    },
    "`[targets]` NAME": {
        "tag": "`<python>[-<abi>]-<platform>`, or `host`",
        "on": "the name of a system",
        "python": "`3.12`, `3.12.4`, `3.13t` or `pypy3.10`",
        "pip": "version of an old pip, which limits the tags, see [targets](targets.md#the-pip-of-a-target)",
        "platform_release": "value of this marker",
        "platform_version": "value of this marker",
        "platform_machine": "value of this marker",
        "platform_system": "value of this marker",
        "implementation_version": "value of this marker",
    },
    "`[sets.NAME]`": {
        "targets": "names of targets; default: all",
        "source": "path of a document that the set is made from",
        "extras": "extras of that document",
        "groups": "dependency groups of that document",
        "package": "member of the workspace, in a `uv.lock`; default: its project",
    },
    "`[sources.NAME]`": {
        "index": "URL of a simple index",
        "wheels": "path of a directory with wheels",
        "projects": "names, or prefixes such as `acme-*`",
        "targets": "names of targets; default: all",
        "min_age": "the same as in `[policy]`, for this index alone",
        "only": "`false`: pip's indexes may serve the projects as well; for a directory",
    },
    "`[sdists]`": {
        "build": "projects whose sdists mirror builds",
        "keep": "projects whose sdists the site holds",
    },
    "`[bootstrap]`": {
        "pip": "`true`: the newest pip for each target, in a set `bootstrap`",
        "uv": "`true`: uv for each target with Python 3.8 or newer, in the same set",
    },
    "`[policy]`": {
        "first_source_wins": "`true`: a file counts as its first source has it, see [sources](sources.md)",
        "bad_files": '`"stop"` (default) or `"skip"`, see [refused files](refused.md)',
        "outdated": '`"list"` (default) or `"error"`: requested projects that are older than the newest',
        "advisories": "path of a database of OSV records, an archive or a directory",
        "max_severity": "highest severity that is let in",
        "unknown_severity": "what happens with an advisory that states no severity",
        "max_age": "how old the database may be",
        "min_age": "time since the upload of a file",
        "as_of": "a cut-off in place of now minus `min_age`",
        "no_times": "indexes that need no upload times",
        "ignore_403": "indexes whose answer 403 means an absent project, see [sources](sources.md)",
        "deny": "projects, versions and prefixes that are refused",
        "yanked": '`"pinned"` (default) or `"refuse"`',
        "gone": '`"keep"` or `"drop"`: releases that their index does not offer any more',
        "allow_licenses": "SPDX identifiers that are let in; default: all",
        "licenses": "licences of projects whose metadata names none",
        "accept": "findings that you accept, see [accepted findings](accepted.md)",
    },
    "`[[policy.accept]]`": {
        "rule": "what is accepted",
        "project": "the project that has the finding",
        "version": "a specifier, such as `==2.5.0`",
        "id": "the advisory, if `rule` is `advisory`",
        "targets": "names of targets; default: all",
        "reason": "one line, shown with the finding",
        "until": "the last day on which the entry holds",
    },
    "`[proof]`": {"strict_imports": "`true`: an import that lacks an undeclared project is red"},
}

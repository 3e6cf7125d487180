"""Attacks by what may come in: projects of other indexes, exchanged files, upload times, databases of advisories."""

from tests.evidence.hostile.input.intake import advisories, releases

#: All of them; the first is that of `make test`.
ATTACKS = [*releases.ATTACKS, *advisories.ATTACKS]

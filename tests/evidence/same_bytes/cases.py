"""What is built: two subsets, each in three states that change one request or remove a part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.evidence.same_bytes.compare import Allowed
from tests.support.checkout import ROOT

#: The last commit before the sources were divided into wings.
BEFORE = "b657cf7d76b35cc1bc396674b0923a072759b01d"

#: The only differences that pass: schema numbers of JSON documents.
ALLOWED = (Allowed("manifest.json", "/schema", "1", '"1.3"'),)

#: The first state is built from nothing and then again; the others from what the one before left.
FIRST, CHANGED, REMOVED = "first", "changed", "removed"
STEPS = (("cold", FIRST), ("again", FIRST), ("request changed", CHANGED), ("part removed", REMOVED), ("back", FIRST))


@dataclass(frozen=True, slots=True)
class Edit:
    """
    One change of a requirements directory.

    :param path: the file.
    :param old: the text to replace; it must occur once.
    :param new: the text in its place, or ``None`` to remove the file.
    """

    path: str
    old: str
    new: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """
    One subset.

    :param requirements: the directory with its sets and ``subset.toml``.
    :param edits: the one edit of each state but the first.
    :param files: the smallest number of wheels for which the case counts.
    :param targets: the smallest number of targets.
    """

    name: str
    requirements: Path
    edits: dict[str, Edit]
    files: int
    targets: int

    def texts(self, state: str) -> dict[str, str]:
        """
        Return the files of the requirements directory in *state*, by name.

        :raises ValueError: the text to replace does not occur once.
        """
        paths = sorted([*self.requirements.glob("*.txt"), *self.requirements.glob("*.toml")])
        texts = {path.name: path.read_text(encoding="utf-8") for path in paths}
        if state == FIRST:
            return texts
        edit = self.edits[state]
        if texts.get(edit.path, "").count(edit.old) != 1:
            msg = f"{self.requirements / edit.path} holds {edit.old!r} not once: adapt the edits in {__file__}"
            raise ValueError(msg)
        if edit.new is None:
            del texts[edit.path]
        else:
            texts[edit.path] = texts[edit.path].replace(edit.old, edit.new)
        return texts


CASES = (
    Case(
        name="shipped",
        requirements=ROOT / "requirements",
        edits={
            CHANGED: Edit("base.txt", "\npandas\n", "\npandas<3\n"),
            REMOVED: Edit("subset.toml", "\nmac  ", "\n# mac"),
        },
        files=15,
        targets=3,
    ),
    Case(
        name="wide",
        requirements=Path(__file__).with_name("wide"),
        edits={CHANGED: Edit("more.txt", "tqdm\n", "tqdm<4.67\n"), REMOVED: Edit("more.txt", "tqdm\n", None)},
        files=60,
        targets=4,
    ),
)

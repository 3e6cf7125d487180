"""Make the wheels of the example below ``wheels/``: a private project, and two variants of another one."""  # noqa: INP001 - no package

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

#: Directory → project, version, what it requires.
WHEELS = {
    "own": ("acme-tools", "1.4.0", ("acme-torch>=2", "tqdm>=4")),
    "cpu": ("acme-torch", "2.13.0+cpu", ()),
    "cu128": ("acme-torch", "2.13.0+cu128", ()),
}


def write_wheel(folder: Path, project: str, version: str, requires: tuple[str, ...]) -> Path:
    """Write a wheel that has one module, and return its path."""
    name = project.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {project}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {line}" for line in requires]
    files = {
        f"{name}.py": f'VERSION = "{version}"\n',
        f"{info}/METADATA": "".join(f"{line}\n" for line in metadata),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: example\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            # The same wheel has the same bytes whenever it is made.
            archive.writestr(zipfile.ZipInfo(path), text)
    return wheel


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return f"sha256={base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"


if __name__ == "__main__":
    for place, wheel_of in WHEELS.items():
        write_wheel(Path(__file__).parent / "wheels" / place, *wheel_of)

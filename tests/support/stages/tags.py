"""Tags of all kinds of machines."""

from __future__ import annotations

TAGS = (
    "cp310-manylinux2014_x86_64",
    "cp39-manylinux2010_i686",
    "cp38-manylinux1_x86_64",
    "cp37-manylinux_2_24_x86_64",
    "cp314-manylinux_2_41_riscv64",
    "cp312-manylinux_2_28_aarch64",
    "cp313-cp313t-manylinux_2_28_x86_64",
    "cp311-musllinux_1_2_aarch64",
    "cp312-musllinux_1_1_x86_64",
    "cp310-macosx_12_0_arm64",
    "cp313-macosx_26_0_arm64",
    "cp39-macosx_10_9_x86_64",
    "cp311-macosx_13_0_x86_64",
    "cp312-win_amd64",
    "cp311-win32",
    "cp314-cp314t-win_arm64",
    "cp313-ios_13_0_arm64_iphoneos",
    "cp314-ios_17_4_x86_64_iphonesimulator",
    "cp313-android_24_arm64_v8a",
    "cp314-android_21_x86_64",
    "cp314-pyemscripten_2026_0_wasm32",
    "cp315-cp315t-manylinux_2_28_x86_64",
    "pp311-pypy311_pp73-manylinux_2_28_x86_64",
    "pp310-win_amd64",
)

#: Prints the tags that pip looks for, by its own parser of the command line.
DERIVE = """
import json, sys
from pip._internal.cli.cmdoptions import make_target_python
from pip._internal.commands import create_command
derived = []
for flags in json.load(sys.stdin):
    options, _ = create_command("download").parse_args([*flags, "--only-binary=:all:", "project"])
    target = make_target_python(options)
    derived.append([target.py_version_info, [str(tag) for tag in target.get_sorted_tags()]])
print(json.dumps(derived))
"""

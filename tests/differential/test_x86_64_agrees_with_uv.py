"""uv's own x86_64 provider and ours give the same levels in the same order, for every x86-64 machine that we know.

uv reads the processor inside the interpreter that it installs for, so a stand-in interpreter shows it any machine.
Its wheels are one for each level; which it takes first, second and so on is its order.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest

from support.uv import UV
from support.wheels import make_wheel
from support.x86_64 import (
    ARCHSPEC_LEVELS,
    CAPTURES,
    CPUINFO_LEVELS,
    answer_of,
    evidence_of_archspec,
    evidence_of_capture,
    evidence_of_cpuinfo,
    expected_levels,
)
from x86_64_variant_provider._parse import parse_facts, parse_registers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from x86_64_variant_provider._probe import Evidence

    Order = Callable[[Evidence], list[str]]

LEVELS = ("v1", "v2", "v3", "v4")
# uv's question fails as a whole on a /proc/cpuinfo that is no UTF-8, so that there is nothing to compare.
BY_NAME = {os.path.basename(path): path for path in CAPTURES if "garbage" not in path}
# Where the answers differ: machine -> uv's best level, and why. Everywhere else they are equal.
DIFFERENCES = {
    "v3-mixed-cores.cpuinfo": ("v4", "uv reads the first processor; we take what all have"),
    "v2_assumed-32-bit-processor.cpuinfo": ("v1", "uv believes flags without sse2, which no x86-64 processor lacks"),
}
SELECTING = re.compile(r"Selecting: probe==1.0 \[compatible\] \(probe-1.0-py3-none-any-(\S+).whl\)")
SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
STAND_IN = """\
#!{python}
import json, os, subprocess, sys
if not any("get_interpreter_info" in word for word in sys.argv):
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
said = json.loads(subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, check=True).stdout)
said.update(json.loads(os.environ["STAND_IN_FOR"]))
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def uv_order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    """The levels that uv supports on a machine, in its order."""
    root = tmp_path_factory.mktemp("uv-x86-64")
    python = root / "python"
    python.write_text(STAND_IN.format(python=sys.executable))
    python.chmod(0o755)

    @cache
    def order(shown: str) -> list[str]:
        environment = {"PATH": os.defpath, "STAND_IN_FOR": shown}
        left, found = list(LEVELS), list[str]()
        while left and (best := choose_with_uv(make_release(root, left), python, environment)):
            found.append(best)
            left.remove(best)
        return found

    return lambda evidence: order(json.dumps(show_uv(evidence)))


def choose_with_uv(release: Path, python: Path, environment: dict[str, str]) -> str | None:
    command = [UV, "pip", "install", "-v", "--dry-run", "--no-deps", "--no-index", "--no-config", "--no-build"]
    command += ["--find-links", str(release), "--preview-features", "wheel-variants", "--no-cache"]
    command += ["--python", str(python), "--target", str(release / "target"), "probe"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = SELECTING.findall(done.stderr)
    assert found or "only unsupported wheel variants" in done.stderr, done.stderr
    return found[-1] if found else None


def make_release(root: Path, levels: Collection[str]) -> Path:
    """A directory of wheels, one for each level."""
    directory = root / "-".join(levels)
    if directory.exists():
        return directory
    directory.mkdir()
    provider = {"requires": ["x86-64-variant-provider"]}
    document = {"$schema": SCHEMA, "default-priorities": {"namespace": ["x86_64"]}, "providers": {"x86_64": provider}}
    variants = {level: {"x86_64": {"level": [level]}} for level in levels}
    for level, properties in variants.items():
        one = {**document, "variants": {level: properties}}
        make_wheel(directory, "probe", tag="py3-none-any", label=level, variant=one)
    (directory / "probe-1.0-variants.json").write_text(json.dumps({**document, "variants": variants}))
    return directory


def show_uv(evidence: Evidence) -> dict[str, object]:
    """What uv's question to an interpreter on that machine would bring back, as its own script reads the machine."""
    found: dict[str, object] | None = None
    if evidence.sysctl:
        found = shown_of_sysctl(evidence.sysctl)
    elif evidence.cpuid:
        found = shown_of_registers(evidence.cpuid)
    else:
        found = shown_of_cpuinfo(evidence.cpuinfo)
    return {"arch": "x86_64", "cpu_info": {"detected": found} if found else {"unavailable": "nothing to be read"}}


def shown_of_cpuinfo(text: str) -> dict[str, object] | None:
    """The flags of the first processor."""
    first = text.partition("\n\n")[0]
    fields = dict(re.findall(r"(?m)^(\w[\w ]*?)\s*:\s*(.*?)\s*$", first))
    return {"kind": "flags", "flags": fields["flags"]} if fields.get("flags") else None


def shown_of_sysctl(text: str) -> dict[str, object] | None:
    said = dict(line.partition(": ")[::2] for line in text.splitlines())
    names = [said.get(f"machdep.cpu.{name}", "") for name in ("features", "leaf7_features", "extfeatures")]
    flags = " ".join(names).split()
    if said.get("hw.optional.avx512f", "0") == "0":
        flags = [flag for flag in flags if not flag.startswith("AVX512")]
    return {"kind": "flags", "flags": " ".join(flags)} if flags else None


def shown_of_registers(text: str) -> dict[str, object]:
    registers, xcr0 = parse_registers(text)
    places = [(*(int(part, 16) for part in name.split(".")), words) for name, words in registers.items()]
    leaves = [{"leaf": leaf, "subleaf": subleaf, "registers": words} for leaf, subleaf, words in places]
    return {"kind": "cpuid", "leaves": leaves, "xstate": xcr0}


def check(uv_order: Order, name: str, evidence: Evidence) -> None:
    ours = answer_of(parse_facts(evidence, {}))["level"]
    best, _why = DIFFERENCES.get(name, (ours[0], ""))
    assert uv_order(evidence) == expected_levels(best)
    assert (best == ours[0]) == (name not in DIFFERENCES)


@pytest.mark.parametrize("name", BY_NAME)
def test_our_captures(uv_order: Order, name: str) -> None:
    check(uv_order, name, evidence_of_capture(BY_NAME[name]))


@pytest.mark.parametrize("name", ARCHSPEC_LEVELS)
def test_archspecs_machines(uv_order: Order, name: str) -> None:
    check(uv_order, name, evidence_of_archspec(name))


@pytest.mark.parametrize("name", CPUINFO_LEVELS)
def test_py_cpuinfos_machines(uv_order: Order, name: str) -> None:
    check(uv_order, name, evidence_of_cpuinfo(name))

"""uv's own aarch64 provider and ours give the same versions in the same order, for every Arm machine that we know.

uv reads the processor inside the interpreter that it installs for, so a stand-in interpreter shows it any machine.
Its wheels are one for each version; which it takes first, second and so on is its order.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import aarch64_variant_provider
from aarch64_variant_provider._parse import parse_facts, parse_rows, parse_versions
from aarch64_variant_provider._probe import Evidence, keep_kinds
from aarch64_variant_provider._rules import decide_answer, list_contained
from support.arm64 import arm64_python, emulation, run_arm64, with_cpuinfo
from support.corpora import read_archspec
from support.uv import UV
from support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Order = Callable[[Mapping[str, object]], list[str]]

FOLDER = Path(__file__).parents[1] / "providers" / "aarch64" / "captures"
CAPTURES = {path.name: path for path in sorted(FOLDER.iterdir())}
SYSTEMS = {"cpuinfo": "linux", "hwcap": "linux", "sysctl": "darwin", "features": "win32"}
TARGETS = (
    "linux-amazon-cortex_a72", "linux-amazon-neoverse_n1", "linux-amazon-neoverse_v1", "linux-rhel8-neoverse_v1",
    "linux-centos7-thunderx2", "linux-rocky8-a64fx", "linux-rhel9-neoverse_n2", "linux-ubuntu22.04-neoverse_n2",
    "linux-rhel9-neoverse_v2", "linux-ubuntu22.04-neoverse_v2", "linux-unknown-neoverse_v2",
    "linux-ubuntu24.04-neoverse_v3ae", "linux-ubuntu26.04-olympus", "linux-ubuntu22.04-ampere1",
    "linux-ubuntu22.04-ampere1a", "linux-asahi-m1", "linux-asahi-m2", "darwin-bigsur-m1", "darwin-monterey-m1",
    "darwin-monterey-m2", "darwin-sequoia-m3", "darwin-sequoia-m4",
)  # fmt: skip
SELECTING = re.compile(r"Selecting: probe==1.0 \[compatible\] \(probe-1.0-py3-none-any-(\S+).whl\)")
SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
PROVIDER = {"requires": ["aarch64-variant-provider"], "plugin-api": "aarch64_variant_provider"}
VERSIONS = list(parse_versions())
HIGHEST = "8.4a"  # uv's highest: above it, ours alone answers

# Where the answers differ below that: machine -> uv's best version, and why. Everywhere else they are equal.
UNKNOWN_CORE = "uv holds a core that is not on its list down to 8a; we believe the kernel"
BRAND = "uv believes the brand; we believe what the system says of each extension"
WINDOWS = "uv does not ask Windows"
DIFFERENCES = {
    "8.2a-raspberry-pi-5.cpuinfo": ("8a", UNKNOWN_CORE),
    "8.2a-phone-a55-a76.cpuinfo": ("8a", UNKNOWN_CORE),
    "8.5a-docker-on-apple-silicon.cpuinfo": ("8a", UNKNOWN_CORE),
    "8.2a-qemu-cortex-a76.hwcap": ("8a", UNKNOWN_CORE),
    "8.2a-qemu-neoverse-n1.hwcap": ("8a", UNKNOWN_CORE),
    "8.2a-qemu-a64fx.hwcap": ("8a", UNKNOWN_CORE),
    "8.3a-qemu-max.hwcap": ("8a", UNKNOWN_CORE),
    "linux-ubuntu26.04-olympus": ("8a", UNKNOWN_CORE),
    "8.3a-m1-dit-denied.sysctl": ("8.4a", BRAND),
    "8.6a-unknown-brand.sysctl": ("8a", BRAND),
    "8.1a-snapdragon-8cx-gen-3.features": ("8a", WINDOWS),
    "8.2a-snapdragon-x.features": ("8a", WINDOWS),
}
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
    """The versions that uv supports on a machine, in its order."""
    root = tmp_path_factory.mktemp("uv-aarch64")
    python = root / "python"
    python.write_text(STAND_IN.format(python=sys.executable))
    python.chmod(0o755)

    @cache
    def order(machine: str) -> list[str]:
        return ask_uv(root, python, {"PATH": os.defpath, "STAND_IN_FOR": machine}, "--no-cache")

    return lambda machine: order(json.dumps(machine))


def ask_uv(root: Path, python: Path, environment: Mapping[str, str], *cache: str) -> list[str]:
    """The versions that uv supports for an interpreter, in its order."""
    left, found = list(VERSIONS), list[str]()
    while left and (best := choose_with_uv(make_release(root, left), python, environment, cache)):
        found.append(best)
        left.remove(best)
    return found


def choose_with_uv(release: Path, python: Path, environment: Mapping[str, str], more: Collection[str]) -> str | None:
    command = [UV, "pip", "install", "-v", "--dry-run", "--no-deps", "--no-index", "--no-config", "--no-build"]
    command += ["--find-links", str(release), "--preview-features", "wheel-variants", *more]
    command += ["--python", str(python), "--target", str(release / "target"), "probe"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = SELECTING.findall(done.stderr)
    assert found or "only unsupported wheel variants" in done.stderr, done.stderr
    return found[-1].replace("_", ".") if found else None


def label_of(version: str) -> str:
    return version.replace(".", "_")


def make_release(root: Path, versions: Collection[str]) -> Path:
    """A directory of wheels, one for each version, whose labels say nothing of the order."""
    directory = root / "-".join(versions)
    if directory.exists():
        return directory
    directory.mkdir()
    document = {"$schema": SCHEMA, "default-priorities": {"namespace": ["aarch64"]}, "providers": {"aarch64": PROVIDER}}
    variants = {label_of(version): {"aarch64": {"version": [version]}} for version in versions}
    for label, properties in variants.items():
        one = {**document, "variants": {label: properties}}
        make_wheel(directory, "probe", tag="py3-none-any", label=label, variant=one)
    (directory / "probe-1.0-variants.json").write_text(json.dumps({**document, "variants": variants}))
    return directory


def read_machine(name: str) -> Evidence:
    """A capture of ours, or a machine of archspec's."""
    evidence = Evidence()
    if name in TARGETS:
        text, source = read_archspec()[name].text + "\n", "sysctl" if name.startswith("darwin") else "cpuinfo"
    else:
        path = CAPTURES[name]
        text, source = path.read_text(), path.suffix[1:]
    setattr(evidence, source, keep_kinds(text) if source == "cpuinfo" else text)
    evidence.interpreter = f"aarch64 {SYSTEMS[source]}\n"
    return evidence


def show_uv(evidence: Evidence) -> dict[str, object]:
    """What uv's question to an interpreter on that machine would bring back."""
    facts = parse_facts(evidence, {})
    unavailable: dict[str, object] = {"unavailable": "nothing to be read"}
    if evidence.sysctl:
        found: dict[str, object] = {"kind": "apple_silicon", "brand": facts.brand}
        return {"arch": "aarch64", "cpu_info": {"detected": found} if facts.brand else unavailable}
    if facts.features is None or evidence.features:
        return {"arch": "aarch64", "cpu_info": unavailable}
    words = {"hwcap": 0, "hwcap2": 0, "hwcap3": 0, "hwcap4": 0}
    for row in parse_rows().values():
        if row.name in facts.features:
            words[row.word] |= 1 << row.bit
    cores = [core.split(":") for core in facts.cores] or [["", ""]]
    found = {"kind": "linux_aarch64", "cores": sorted(cores), "hwcaps": list(words.values())}
    return {"arch": "aarch64", "cpu_info": {"detected": found}}


def our_order(evidence: Evidence) -> list[str]:
    """Our versions, from the highest that uv knows down."""
    order = next(values for name, values, _ in decide_answer(parse_facts(evidence, {})) if name == "version")
    return [version for version in order if VERSIONS.index(version) >= VERSIONS.index(HIGHEST)]


@pytest.mark.parametrize("name", [*CAPTURES, *TARGETS])
def test_the_versions_that_uv_knows_are_in_its_order(uv_order: Order, name: str) -> None:
    evidence = read_machine(name)
    best, _why = DIFFERENCES.get(name, (our_order(evidence)[0], ""))
    uv = uv_order(show_uv(evidence))
    assert uv == list_contained(best)
    assert (uv == our_order(evidence)) == (name not in DIFFERENCES)


def test_the_maximum_that_the_readme_names_gives_uvs_answer_on_a_core_that_uv_knows(uv_order: Order) -> None:
    evidence = read_machine("9.1a-neoverse-v2-ssbs-hidden.cpuinfo")
    capped = parse_facts(evidence, {"AARCH64_VARIANT_PROVIDER_MAX_VERSION": HIGHEST})
    assert decide_answer(capped)[0] == ("version", uv_order(show_uv(evidence)), False)


OURS = f"""
import json, sys
sys.path.insert(0, {os.path.dirname(os.path.dirname(os.path.abspath(aarch64_variant_provider.__file__)))!r})
import aarch64_variant_provider as provider
print(json.dumps(provider.get_supported_configs()[0].values))
"""


@pytest.mark.parametrize(
    ("model", "cpuinfo", "best"),
    [
        ("neoverse-n1", "8.2a-graviton2.cpuinfo", "8.2a"),
        ("max", "9.1a-neoverse-v2-ssbs-hidden.cpuinfo", None),
    ],
)
def test_both_read_the_same_versions_off_an_emulated_processor(
    tmp_path: Path, model: str, cpuinfo: str, best: str | None
) -> None:
    """The whole way, nothing shown in between: uv asks the Arm interpreter, ours runs in it."""
    environment = emulation(model, with_cpuinfo(tmp_path / "root", CAPTURES[cpuinfo].read_text()))
    ours = json.loads(run_arm64(OURS, environment))
    uvs = ask_uv(tmp_path, arm64_python(), environment, "--cache-dir", str(tmp_path / "cache"))
    assert uvs == [version for version in ours if version in list_contained(HIGHEST)]
    assert best in (ours[0], None)

"""The machine's words as facts."""

from __future__ import annotations

from ._doubt import find_doubt
from ._machine import seconds_allowed
from ._names import has_values, is_path, normalize_arch, parse_archs, parse_version
from ._tables import (
    BOOTSTRAP_DISABLE,
    BOOTSTRAP_FORCE,
    FORCE_ARCH,
    FORCE_ROCM,
    INTEGRATED,
    NODES,
    PREFERRED_ARCHS,
    ROCM_PATH,
    TIMEOUT,
    VERSION_FILE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._names import Version
    from ._probe import Evidence

REPORTS = "/reports/"


class Gpu:
    """One GPU: its architecture (empty where that is no value), what it has, and who said so."""

    __slots__ = ("arch", "integrated", "said", "source", "units")

    def __init__(self, said: str, units: int, integrated: bool, source: str) -> None:
        self.said = said
        self.arch = normalize_arch(said)
        self.units = units
        self.integrated = integrated or self.arch in INTEGRATED.split()
        self.source = source


class Facts:
    """What is known of the machine's GPUs and of ROCm."""

    __slots__ = (
        "disabled",
        "doubt",
        "driver",
        "dxg",
        "endings",
        "forced",
        "forced_by",
        "gpus",
        "kfd",
        "notes",
        "preferred",
        "refused",
        "rocm",
        "rocm_source",
        "unclear",
    )

    def __init__(self) -> None:
        self.gpus: list[Gpu] = []  # in the order of whoever lists them
        self.unclear: list[tuple[str, str]] = []  # (source, why it is not counted)
        self.endings: list[tuple[str, str]] = []  # reports that ended badly: (name, how)
        self.doubt = ""  # why there may be a GPU although none is known, as half a sentence
        self.refused: list[tuple[str, str]] = []
        self.kfd = ""
        self.driver = False
        self.dxg = False
        self.rocm: Version | None = None
        self.rocm_source = ""
        self.disabled = False
        self.forced: list[str] = []
        self.forced_by = ""
        self.preferred: list[str] = []
        self.notes: list[tuple[str, str]] = []


def parse_facts(evidence: Evidence, variables: Mapping[str, str]) -> Facts:
    facts = Facts()
    facts.refused, facts.kfd = evidence.refused, evidence.kfd
    facts.driver, facts.dxg = evidence.driver, evidence.dxg
    _parse_nodes(evidence.nodes, facts)
    for name, text in evidence.reports:
        facts.gpus += _PARSERS[name](text)
        failures = [line for line in text.split("\n") if line.startswith(("!", "unloadable "))]
        facts.endings += [(name, line.lstrip("!")) for line in failures]
    _parse_rocm(evidence.versions, variables, facts)
    _parse_overrides(variables, facts)
    if not any(gpu.arch for gpu in facts.gpus):
        facts.doubt = find_doubt(evidence, facts.unclear)
    return facts


def parse_target(version: int) -> str:
    """The kernel's `gfx_target_version`: 90010 -> gfx90a; minor version and stepping are written in hexadecimal."""
    major, minor, stepping = version // 10000, version // 100 % 100, version % 100
    return f"gfx{major}{minor:x}{stepping:x}" if 0 < major < 100 and minor < 16 and stepping < 16 else ""


def _parse_nodes(nodes: list[tuple[str, str]], facts: Facts) -> None:
    for name, text in nodes:
        source = f"{NODES}/{name}"
        properties = _parse_properties(text)
        simds = properties.get("simd_count", 0)
        version = properties.get("gfx_target_version", -1)
        if not properties:
            facts.unclear.append((source, f"its properties {'are garbled' if text else 'cannot be read'}"))
        elif not simds or version == 0:
            continue  # a processor
        elif not parse_target(version):
            said = f"gfx_target_version {version}" if version > 0 else "no gfx_target_version (Linux 5.13 and later do)"
            facts.unclear.append((source, f"it says {said}"))
        else:
            units = simds // max(properties.get("simd_per_cu", 0), 1)
            # A node with processor cores is a processor with a GPU on its die. The memory's size would say more, but
            # the kernel prints 0 for it.
            facts.gpus.append(Gpu(parse_target(version), units, properties.get("cpu_cores_count", 0) > 0, source))


def _parse_properties(text: str) -> dict[str, int]:
    properties = {}
    for line in text.split("\n"):
        words = line.split()
        if len(words) == 2 and words[1].isascii() and words[1].isdecimal() and len(words[1]) <= 20:
            properties[words[0]] = int(words[1])
    return properties


def _parse_rocminfo(text: str) -> list[Gpu]:
    """The agents that are GPUs. Of an agent only the first `Name` counts: each of its ISAs has one, too."""
    agents: list[dict[str, str]] = []
    for line in text.split("\n"):
        key, separator, value = (part.strip() for part in line.partition(":"))
        if not separator and key.startswith("Agent ") and key[6:].isdecimal():
            agents.append({"number": key[6:]})
        elif separator and agents:
            agents[-1].setdefault(key, value)
    return [
        Gpu(
            agent.get("Name", ""),
            _number(agent.get("Compute Unit", "")),
            "APU" in agent.get("Memory Properties", "").split(),
            f"{REPORTS}rocminfo (agent {agent['number']})",
        )
        for agent in agents
        if agent.get("Device Type") == "GPU"
    ]


def _parse_hip(text: str) -> list[Gpu]:
    found = []
    for line in text.split("\n"):
        words = line.split(" ")
        if len(words) == 5 and words[0] == "device":
            found.append(Gpu(words[2], _number(words[3]), words[4] == "1", f"{REPORTS}hip (device {words[1]})"))
    return found


def _parse_clinfo(text: str) -> list[Gpu]:
    """AMD's `clinfo` begins a device with `Device Type:` and names it later; the common one with `Device Name`."""
    devices: list[dict[str, str]] = []
    for line in text.split("\n"):
        amd, separator, value = (part.strip() for part in line.partition(":"))
        if not separator or "  " in amd:
            amd, _, value = (part.strip() for part in line.strip().partition("  "))
        if (amd == "Device Type" and separator) or (amd == "Device Name" and not separator):
            devices.append({})
        if devices:
            devices[-1].setdefault({"Device Name": "Name"}.get(amd, amd), value)
    return [
        Gpu(
            device["Name"],
            _number(device.get("Max compute units", "")),
            False,
            f"{REPORTS}clinfo (device {number})",
        )
        for number, device in enumerate(devices)
        if "GPU" in device.get("Device Type", "") and device.get("Name", "").startswith("gfx")
    ]


_PARSERS = {"rocminfo": _parse_rocminfo, "hip": _parse_hip, "clinfo": _parse_clinfo}


def _number(text: str) -> int:
    number = text.partition("(")[0].strip()
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 0


def _parse_rocm(versions: list[tuple[str, str]], variables: Mapping[str, str], facts: Facts) -> None:
    """The first file that says a version; among the versioned directories the highest."""
    found = [(parse_version(text), path) for path, text in versions]
    known = [(version, path) for version, path in found if version is not None]
    if known:
        versioned = all("/core-" in path for _, path in known)
        facts.rocm, facts.rocm_source = max(known) if versioned else known[0]
    forced = variables.get(FORCE_ROCM, "")
    version = parse_version(forced)
    if version is not None and has_values(version):
        facts.rocm, facts.rocm_source = version, FORCE_ROCM
    elif forced.strip():
        facts.notes.append(_ignored(FORCE_ROCM, forced, "a version such as 6.3 or 6.3.1"))
    chosen = variables.get(ROCM_PATH, "")
    if chosen and not is_path(chosen):
        facts.notes.append(_ignored(ROCM_PATH, chosen, "a plain absolute path"))
    elif chosen and not any(path == f"{chosen.rstrip('/')}/{VERSION_FILE}" for _, path in known):
        facts.notes.append(("rocm-path-empty", f"{ROCM_PATH} is {chosen}, where no {VERSION_FILE} could be read."))


def _parse_overrides(variables: Mapping[str, str], facts: Facts) -> None:
    facts.disabled = variables.get(BOOTSTRAP_DISABLE) == "1"
    if variables.get(BOOTSTRAP_DISABLE, "") not in ("", "0", "1"):
        facts.notes.append(_ignored(BOOTSTRAP_DISABLE, variables[BOOTSTRAP_DISABLE], "1 or 0"))
    for name in (FORCE_ARCH, BOOTSTRAP_FORCE, PREFERRED_ARCHS):
        archs, unknown = parse_archs(variables.get(name, ""))
        for word in unknown[:3]:
            facts.notes.append(_ignored(name, word, "architectures such as gfx90a"))
        if name == PREFERRED_ARCHS:
            facts.preferred = archs
        elif archs and not facts.forced:
            facts.forced, facts.forced_by = archs, name
    seconds = variables.get(TIMEOUT, "")
    if seconds and not seconds_allowed({TIMEOUT: seconds}, 0.0):
        facts.notes.append(_ignored(TIMEOUT, seconds, "0.1 to 60 seconds"))


def _ignored(name: str, value: str, expected: str) -> tuple[str, str]:
    return "override-ignored", f"{name} has {value[:40]!r}, expected {expected}; it was ignored."

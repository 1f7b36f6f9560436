"""What the kernel, AMD's software and ROCm's version files said -> GPUs and a version."""

from __future__ import annotations

from ._names import normalize_arch, parse_version
from ._tables import INTEGRATED, NODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts

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


def take_reports(facts: Facts) -> None:
    """Put into the facts what was said."""
    _parse_nodes(facts.evidence.nodes, facts)
    for name, text in facts.evidence.reports:
        facts.gpus += _PARSERS[name](text)
        failures = [line for line in text.split("\n") if line.startswith(("!", "unloadable "))]
        facts.endings += [(name, line.lstrip("!")) for line in failures]
    _parse_rocm(facts.evidence.versions, facts)


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


def _parse_rocm(versions: list[tuple[str, str]], facts: Facts) -> None:
    """The first file that says a version; among the versioned directories the highest."""
    found = [(parse_version(text), path) for path, text in versions]
    known = [(version, path) for version, path in found if version is not None]
    if known:
        versioned = all("/core-" in path for _, path in known)
        facts.rocm, facts.rocm_source = max(known) if versioned else known[0]

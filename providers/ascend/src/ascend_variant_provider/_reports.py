"""What DCMI and npu-smi said -> chips."""

from __future__ import annotations

from ._names import NO_NPU

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Chip = tuple[str, str, str]  # the chip's name, its NPU's or nothing, the source

DCMI, SMI_MAPPING, SMI = "libdcmi.so", "npu-smi info -m", "npu-smi info"


def parse_chips(reports: Mapping[str, str]) -> list[Chip]:
    """The NPUs by the first source that told of any."""
    for source, chips in (
        (DCMI, parse_dcmi(reports.get("dcmi", ""))),
        (SMI_MAPPING, parse_mapping(reports.get("smi-mapping", ""))),
        (SMI, parse_table(reports.get("smi", ""))),
    ):
        found = [(name, npu, source) for name, npu in chips if name.lower() not in NO_NPU]
        if found:
            return found
    return []


def parse_dcmi(report: str) -> list[tuple[str, str]]:
    """Chip and NPU names of the lines `device CARD INDEX CHIP NPU`."""
    rows = [line.split() for line in report.splitlines()]
    return [
        (row[3], "" if row[4] == "-" else row[4])
        for row in rows
        if len(row) == 5 and row[0] == "device" and row[3] != "-"
    ]


def parse_mapping(text: str) -> list[tuple[str, str]]:
    """Chip names of `npu-smi info -m`: the text under `Chip Name`, whose column the heading tells."""
    start = -1
    chips = []
    for line in text.splitlines():
        if "Chip Name" in line:
            start = line.index("Chip Name")
        elif start >= 0 and line[:1].isdecimal() and line[start:].strip():
            chips.append((" ".join(line[start:].split("  ")[0].split()), ""))
    return chips


def parse_table(text: str) -> list[tuple[str, str]]:
    """Chip names of `npu-smi info`: the first line of each pair says `| ID  NAME | HEALTH | …`, or in two cells."""
    chips = []
    wanted = False
    for line in text.splitlines():
        cells = [cell.split() for cell in line.strip().strip("|").split("|")]
        if line.startswith("+"):
            wanted = True
            continue
        if "Process" in line:
            break
        if wanted and cells and cells[0][:1] and cells[0][0].isdecimal():
            name = cells[0][1:] or (cells[1] if len(cells) > 1 else [])
            chips += [(" ".join(name), "")] if name else []
        wanted = False
    return chips


def parse_tool_version(reports: Mapping[str, str]) -> str:
    """The version of npu-smi, which comes with the driver and has its version."""
    for name in ("smi", "smi-version"):
        for line in reports.get(name, "").splitlines():
            words = line.replace("|", " ").replace(":", " ").split()
            for position, word in enumerate(words[:-1]):
                if word.lower() == "version":
                    return words[position + 1]
    return ""


def find_ending(report: str) -> str:
    """The line that says how a report came to a bad end, such as `!timeout`; nothing after a good one."""
    last = report.rstrip("\n").rpartition("\n")[2]
    return last if last.startswith("!") else ""

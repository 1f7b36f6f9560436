"""Why an answer is as it is: diagnostics, facts with their sources, and what speaks against a value."""

from __future__ import annotations

from ._reports import find_ending
from ._rules import decide_answer, list_values
from ._tables import DRIVERS, DRM, FORCE_IP, LOADER, NODES
from ._versions import find_base, format_ip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts

STATUS = {
    "70000001": "the GPU was lost or hangs",
    "70000002": "the host's memory is used up",
    "70000003": "the GPU's memory is used up",
    "70010000": "this user has no permission",
    "70020000": "what it depends on is missing",
    "78000001": "it finds no GPU that it may use",
    "78000002": "the driver is too old",
    "78000003": "the driver does not support it",
}
"""Level Zero's status -> what it means. Source: its specification 1.14, "Common Enums"."""


NO_GPU = "78000001"


def diagnose_all(facts: Facts) -> list[tuple[str, str]]:
    notes = [*facts.notes, *_diagnose_nodes(facts), *(_diagnose_gpus(facts) if facts.evidence.place else ())]
    doubt = find_doubt(facts)
    if doubt and not decide_answer(facts):
        # The code tells ignorance from absence: such an answer is not believed and not remembered.
        notes.append(("undetermined", f"Whether this machine has a usable Intel GPU is not known, since {doubt}."))
    first: dict[str, str] = {}
    for code, sentence in notes:
        first.setdefault(code, sentence)
    return list(first.items())


def _diagnose_gpus(facts: Facts) -> list[tuple[str, str]]:
    notes = []
    silent = [gpu for gpu in facts.gpus if gpu.source != "Level Zero"]
    trouble = find_trouble(facts)
    if silent and any(gpu.ip for gpu in silent):
        told = next(gpu for gpu in silent if gpu.ip)
        notes.append(("ip-without-level-zero", f"{told.device} is taken from {told.source}, since {trouble}."))
    values = frozenset(list_values())
    for gpu in facts.gpus:
        if gpu.ip is None:
            notes.append(("ip-unknown", f"{gpu.device} in {gpu.source} has no version that is known here: {trouble}."))
        elif format_ip(gpu.ip) not in values:
            base = find_base(gpu.ip)
            rest = f"its base {format_ip(base)} is supported" if base else "it is left out"
            notes.append(("ip-unknown", f"{format_ip(gpu.ip)}, says {gpu.source}, is no value here; {rest}."))
    if not facts.gpus:
        notes.append(("no-gpu", f"Level Zero told of no Intel GPU: {trouble}."))
    return notes


def _diagnose_nodes(facts: Facts) -> list[tuple[str, str]]:
    notes = []
    for node in facts.evidence.nodes:
        if node.driver not in DRIVERS:
            driver = node.driver or "no driver that can be read"
            notes.append(("driver-unknown", f"{DRM}/{node.name} is an Intel GPU with {driver}, not xe or i915."))
        elif not node.here:
            notes.append(("node-missing", f"{DRM}/{node.name} is an Intel GPU, but {NODES}/{node.name} is not here."))
    if facts.evidence.denied:
        path = facts.evidence.denied[0]
        notes.append(("node-denied", f"{path} may not be opened by this user: programs will not reach the GPU."))
    return notes


def find_doubt(facts: Facts) -> str:
    """Why there may be a GPU whose version is a value although none is known, as half a sentence."""
    evidence = facts.evidence
    if not evidence.place:
        refused = [path for path, _ in evidence.refused if path.startswith(DRM)]
        return f"{refused[0]} could not be read" if refused else ""
    if facts.gpus and all(gpu.ip for gpu in facts.gpus):
        return ""  # each is known, and none is a value
    if _is_level_zero_silent(facts):
        return find_trouble(facts)
    report = evidence.reports.get("xe", "")
    if find_ending(report) or any(line.startswith("refused ") for line in report.splitlines()):
        return "the xe driver does not answer"
    return ""


def _is_level_zero_silent(facts: Facts) -> bool:
    """Whether Level Zero, where it is installed, hung, crashed or refused, rather than tell of no GPU."""
    report = facts.evidence.reports.get("level-zero", "")
    rows = [line.split() for line in report.splitlines()]
    started = [row[-1] for row in rows if row[:1] == ["init"]][-1:]
    asked = started + [row[-1] for row in rows if row[:1] in (["devices"], ["lost"])]
    if find_ending(report) or any(row[:1] == ["unusable"] for row in rows):
        return True
    if started == [NO_GPU]:  # also the word of a driver that may not open the GPU
        return bool(facts.evidence.denied)
    is_loaded = any(row[:1] == ["library"] for row in rows)
    return is_loaded and (not started or any(status != "0" for status in asked))


def find_trouble(facts: Facts) -> str:
    """Why Level Zero did not tell of every GPU, as half a sentence."""
    report = facts.evidence.reports.get("level-zero", "")
    ending = find_ending(report)
    if ending:
        return "Level Zero did not answer in time" if ending == "!timeout" else f"Level Zero ended with {ending[1:60]}"
    rows = [line.split() for line in report.splitlines()]
    if any(row and row[0] == "missing" for row in rows):
        return f"{LOADER} is not installed"
    for row in rows:
        if row and row[0] == "unusable":
            return f"{LOADER} cannot be loaded: {' '.join(row[1:])[:120]}"
    words = ("init", "devices", "lost")
    bad = [row[-1] for row in rows if row and row[0] in words and row[-1] not in ("0", "unasked")]
    known = [status for status in bad if status in STATUS] or bad
    return f"Level Zero says that {STATUS.get(known[0], 'its status is 0x' + known[0])}" if known else "it told of none"


def describe_all(facts: Facts) -> list[tuple[str, str, str]]:
    rows = [
        ("render node", f"{node.device} {node.driver}".strip(), f"{DRM}/{node.name}") for node in facts.evidence.nodes
    ]
    rows += [("gpu", f"{gpu.device} {format_ip(gpu.ip) if gpu.ip else 'unknown'}", gpu.source) for gpu in facts.gpus]
    rows += [("forced", ", ".join(facts.forced), FORCE_IP)] if facts.forced else []
    return rows


def find_reason(facts: Facts, supported: list[str]) -> str:
    """One sentence that names the source which denies a value."""
    if facts.forced:
        return f"{FORCE_IP} says {', '.join(facts.forced)}."
    if supported:
        sources = list(dict.fromkeys(gpu.source for gpu in facts.gpus if gpu.ip))
        return f"The GPUs here support {', '.join(supported)}, says {', '.join(sources)}."
    notes = [sentence for code, sentence in diagnose_all(facts) if code != "override-ignored"]
    return notes[-1] if notes else f"No Intel GPU was found in {DRM}."

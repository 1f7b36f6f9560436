"""Whether finding no GPU is absence or ignorance: what hung, crashed, refused or could not be read."""

from __future__ import annotations

from ._tables import HIP_NO_DEVICE, KFD, NODES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._probe import Evidence


def find_doubt(evidence: Evidence, unclear: list[tuple[str, str]]) -> str:
    """Why there may be a GPU although none is known, as half a sentence; nothing where there is none."""
    for path, reason in evidence.refused:
        if path == NODES:
            return f"{NODES} could not be read ({reason})"
    # Without /dev/kfd this is a container that was given no GPU: what the kernel hides is another's.
    if unclear and evidence.kfd != "does not exist":
        source, why = unclear[0]
        return f"of {source} {why}"
    if evidence.hidden:
        return f"{KFD} is there, but nothing in {NODES}"
    troubles = [
        _find_hip_trouble(text) if name == "hip" else _find_trouble(name, text) for name, text in evidence.reports
    ]
    return next((trouble for trouble in troubles if trouble), "")


def _find_trouble(name: str, text: str) -> str:
    ending = _find_ending(text)
    # clinfo fails where no OpenCL is, and rocminfo where the kernel offers no compute: both then say that none is here.
    says_none = ending.startswith("exit ") and (name == "clinfo" or "NOT loaded" in text)
    return f"{name} ended with {ending}" if ending and not says_none else ""


def _find_hip_trouble(text: str) -> str:
    ending = _find_ending(text)
    if ending:
        return f"the HIP library ended with {ending}"
    counts = [line.split(" ")[1:] for line in text.split("\n") if line.startswith("count ")]
    if not counts or len(counts[-1]) != 2:
        return "the HIP library cannot be loaded"
    code, count = counts[-1]
    if code not in ("0", HIP_NO_DEVICE):
        return f"the HIP library says status {code[:12]}"
    has_any = code == "0" and count.isdecimal() and count != "0"
    return f"the HIP library tells of no architecture, but of {count[:12]} GPUs" if has_any else ""


def _find_ending(text: str) -> str:
    """How a report came to a bad end, such as `timeout`; nothing after a good one."""
    last = text.rstrip("\n").rpartition("\n")[2]
    return last[1:60] if last.startswith("!") else ""

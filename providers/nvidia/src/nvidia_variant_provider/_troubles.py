"""Troubles of the sources that failed: which, how, and what helps."""

from __future__ import annotations

from ._tables import CUDA_COMPAT_REFUSED, CUDA_MISMATCH, LIBRARIES, NVML_FAILURES, NVML_LOST, PLAIN_ABSENCE, TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts
    from ._reports import Reading

NAMES = {
    "nvml": LIBRARIES["nvml"],
    "pynvml": "pynvml",
    "libcuda": LIBRARIES["libcuda"],
    "devices": "cuInit of " + LIBRARIES["libcuda"],
    "smi": "nvidia-smi",
}


def note_troubles(facts: Facts, readings: dict[str, Reading]) -> None:
    """Add to the notes what every source had to say of its own failure, and what follows when no GPU is known."""
    found = {code for name, reading in readings.items() for code, _ in _troubles(name, reading)}
    found.update("gpu-lost" for _ in facts.lost)
    for name, reading in readings.items():
        facts.notes += [(code, f"{NAMES[name]} {text}") for code, text in _troubles(name, reading)]
    for index, status in facts.lost:
        lost = status == NVML_LOST
        how = (
            "is lost (error 15): a reset or a reboot brings it back"
            if lost
            else f"does not tell what it is (error {status})"
        )
        facts.notes.append(("gpu-lost" if lost else "gpu-unreadable", f"GPU {index} {how}; it is left out."))
    nvml = readings.get("nvml")
    if nvml is not None and not facts.capabilities and not facts.forced_capability and nvml.count == 0:
        facts.notes.append(("no-gpu", "The driver is here, but it shows no GPU: nothing is supported."))
    elif nvml is not None and not facts.capabilities and not facts.forced_capability:
        facts.notes.append(("gpu-unknown", "The driver is here, but no GPU could be read: nothing is supported."))
        if found - PLAIN_ABSENCE:
            facts.notes.append(("undetermined", "Whether this machine has a usable GPU is not known."))


def _troubles(name: str, reading: Reading) -> list[tuple[str, str]]:
    found = []
    if reading.stub:
        found.append(("stub-library-ignored", f"was found as {reading.stub}, which is for linking only."))
    word, what = reading.trouble
    if word == "missing" and not reading.stub:
        found.append(("driver-library-missing", "cannot be found by the loader."))
    elif word == "unusable":
        found.append(("driver-library-unusable", f"cannot be loaded: {what}."))
    elif word == "lacks":
        found.append(("driver-library-unusable", f"has no function {what}."))
    if reading.init in NVML_FAILURES and name != "devices":
        code, text = NVML_FAILURES[reading.init]
        found.append((code, text + "."))
    elif reading.init > 0 and not (name == "devices" and reading.init in (CUDA_MISMATCH, CUDA_COMPAT_REFUSED)):
        found.append(("driver-failed", f"does not start (error {reading.init})."))
    return found + _bad_ending(reading.ending)


def _bad_ending(ending: str) -> list[tuple[str, str]]:
    word, _, rest = ending.lstrip("!").partition(" ")
    if word == "timeout":
        return [("driver-hung", f"did not answer in time; {TIMEOUT} allows other seconds.")]
    if word == "signal":
        return [("driver-crashed", f"crashed the process that asked it (signal {rest}).")]
    if word:
        return [("driver-failed", f"could not be asked: {ending.lstrip('!')}.")]
    return []

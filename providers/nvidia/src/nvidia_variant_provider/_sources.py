"""Sources that may disagree: what is taken from which."""

from __future__ import annotations

from ._overrides import find_ignored, parse_capability_override, parse_cuda_override, parse_policy
from ._reports import Reading, parse_module_version, parse_report, parse_smi
from ._tables import CUDA_COMPAT_REFUSED, CUDA_MISMATCH, CUDA_OF_BRANCH, FORCE_CAPABILITY, FORCE_CUDA, GPU_POLICY
from ._troubles import note_troubles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._parse import Facts
    from ._probe import Evidence
    from ._reports import Pair

NVML, PYNVML, LIBCUDA, SMI, MODULE = "NVML", "pynvml", "libcuda", "nvidia-smi", "the kernel driver's version"


def take_overrides(facts: Facts, variables: Mapping[str, str]) -> None:
    """Put the overrides into the facts, and a note for each that cannot be understood."""
    facts.forced_cuda = parse_cuda_override(variables.get(FORCE_CUDA, ""))
    facts.forced_capability = parse_capability_override(variables.get(FORCE_CAPABILITY, ""))
    facts.policy = parse_policy(variables.get(GPU_POLICY, "")) or facts.policy
    for name, expected in find_ignored(variables):
        facts.notes.append(("override-ignored", f"{name}={variables[name][:80]!r} is ignored: expected {expected}."))


def take_sources(facts: Facts, evidence: Evidence) -> None:
    """Put what the sources said into the facts, the first in the README's order where several know a thing."""
    libraries = ("nvml", "pynvml", "libcuda", "devices")
    readings = {name: parse_report(evidence[name]) for name in libraries if name in evidence}
    readings["smi"] = parse_smi(evidence.get("smi", ""), evidence.get("smi-gpus", ""))
    nothing = Reading()
    nvml, pynvml, libcuda, devices = (readings.get(name, nothing) for name in libraries)
    smi = readings["smi"]
    drivers = [(parse_module_version(evidence.get("module", "")), MODULE)]
    drivers += [(nvml.driver, NVML), (pynvml.driver, PYNVML), (smi.driver, SMI)]
    facts.driver, facts.driver_source = _first(drivers)
    for reading, source in ((nvml, NVML), (pynvml, PYNVML), (devices, LIBCUDA), (smi, SMI)):
        if reading.capabilities and not facts.capabilities:
            facts.capabilities, facts.capabilities_source, facts.lost = reading.capabilities, source, reading.lost
    if not facts.capabilities:
        facts.lost = nvml.lost or devices.lost
    told = [(libcuda.cuda, LIBCUDA), (nvml.cuda, NVML), (pynvml.cuda, PYNVML), (smi.cuda, SMI)]
    _settle_cuda(facts, [(cuda, source) for cuda, source in told if cuda], devices)
    note_troubles(facts, readings)


def _first(told: list[tuple[str, str]]) -> tuple[str, str]:
    return next((pair for pair in told if pair[0]), ("", ""))


def _settle_cuda(facts: Facts, told: list[tuple[Pair, str]], devices: Reading) -> None:
    """The version that programs will meet: libcuda's own, unless it refuses to work with this driver or GPU."""
    of_branch = find_cuda_of_branch(facts.driver)
    if told:
        facts.cuda, facts.cuda_source = told[0]
    elif of_branch and facts.capabilities:
        facts.cuda, facts.cuda_source = of_branch, MODULE
        text = (
            f"driver {facts.driver} does not tell its CUDA version; {_dotted(of_branch)} is what its branch came with."
        )
        facts.notes.append(("cuda-version-guessed", text))
    refused = devices.init in (CUDA_MISMATCH, CUDA_COMPAT_REFUSED)
    if facts.cuda is None or not (refused or devices.ending):
        return
    lowest, source = min([*told, *([(of_branch, MODULE)] if of_branch else [])])
    why = f"does not start (error {devices.init})" if refused else "did not survive being started"
    text = f"libcuda for CUDA {_dotted(facts.cuda)} {why}: CUDA {_dotted(lowest)} counts, which {source} tells."
    facts.cuda, facts.cuda_source = lowest, source
    facts.notes.append(("forward-compat-refused", text))


def find_cuda_of_branch(driver: str) -> Pair | None:
    """The CUDA version that the newest known branch up to the driver's came with."""
    number = driver.partition(".")[0]
    branch = int(number) if number.isascii() and number.isdigit() else 0
    return next((cuda for first, cuda in CUDA_OF_BRANCH if first <= branch), None)


def _dotted(pair: Pair) -> str:
    return f"{pair[0]}.{pair[1]}"

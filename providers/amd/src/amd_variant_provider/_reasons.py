"""Why an answer is as it is: diagnostics, facts with their sources, and what speaks against a value."""

from __future__ import annotations

from ._names import has_values
from ._rules import decide_answer
from ._tables import (
    BOOTSTRAP_DISABLE,
    DRIVER,
    DXG,
    FORCE_ROCM,
    GENERIC,
    HIP_NO_DEVICE,
    KFD,
    NODES,
    ROCM_PLACES,
    VERSION_FILE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts


def diagnose_all(facts: Facts) -> list[tuple[str, str]]:
    if facts.disabled:
        return [("disabled", f"{BOOTSTRAP_DISABLE} is 1: nothing was looked for.")]
    notes = [*facts.notes, *_diagnose_gpus(facts), *_diagnose_tools(facts), *_diagnose_rocm(facts)]
    doubt = find_doubt(facts)
    if doubt and not decide_answer(facts):
        # The code tells ignorance from absence: such an answer is not believed and not remembered.
        notes.append(("undetermined", f"Whether this machine has a usable AMD GPU is not known: {doubt}."))
    return notes


def _diagnose_gpus(facts: Facts) -> list[tuple[str, str]]:
    notes = []
    if facts.unclear:
        source, why = facts.unclear[0]
        more = f"; so are {len(facts.unclear) - 1} others" if len(facts.unclear) > 1 else ""
        notes.append(("node-skipped", f"{source} is left out, since {why}{more}."))
    strange = [gpu for gpu in facts.gpus if not gpu.arch]
    if strange:
        said = strange[0].said[:40]
        notes.append(("arch-unknown", f"{strange[0].source} is {said!a}, which this version has no value for."))
    if facts.evidence.kfd and facts.gpus:
        notes.append(("kfd-unusable", f"{KFD} {facts.evidence.kfd}: programs started here will not reach the GPU."))
    doubt = find_doubt(facts)
    if doubt and not (facts.gpus or facts.unclear or facts.endings or facts.evidence.dxg):
        notes.append(("gpu-unreadable", f"GPUs could not be looked for to the end: {doubt}."))
    elif facts.evidence.driver and not (facts.gpus or facts.unclear or facts.evidence.dxg):
        notes.append(("kfd-missing", f"{DRIVER} is loaded, but {NODES} is not there: this kernel offers no compute."))
    return notes


def _diagnose_tools(facts: Facts) -> list[tuple[str, str]]:
    notes = [("report-failed", f"{name} ended badly: {how[:200]}.") for name, how in facts.endings]
    if facts.evidence.dxg and facts.rocm and not (facts.gpus or facts.endings or facts.forced):
        notes.append(("wsl-without-gpu", f"{DXG} is there, but no rocminfo of ROCm's told of an AMD GPU behind it."))
    return notes


def _diagnose_rocm(facts: Facts) -> list[tuple[str, str]]:
    if facts.rocm is None or has_values(facts.rocm):
        return []
    major, minor = facts.rocm
    return [("rocm-unknown", f"{facts.rocm_source} says {major}.{minor}, which this version has no value for.")]


def find_doubt(facts: Facts) -> str:
    """Why there may be a GPU although none is known, as half a sentence; nothing where there is none."""
    evidence, unclear = facts.evidence, facts.unclear
    if any(gpu.arch for gpu in facts.gpus):
        return ""
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


def describe_all(facts: Facts) -> list[tuple[str, str, str]]:
    rows = [
        ("gpu", f"{gpu.said}, {gpu.units} compute units, {'integrated' if gpu.integrated else 'discrete'}", gpu.source)
        for gpu in facts.gpus
    ]
    rows += [("not counted", why, source) for source, why in facts.unclear]
    if facts.forced:
        rows.append(("forced", ", ".join(facts.forced), facts.forced_by))
    if facts.rocm:
        rows.append(("rocm", f"{facts.rocm[0]}.{facts.rocm[1]}", facts.rocm_source))
    return rows


def find_reason(facts: Facts, feature: str, supported: list[str], value: str) -> str:
    """One sentence that names the source which denies the value."""
    if facts.disabled:
        return f"{BOOTSTRAP_DISABLE} is 1: nothing was looked for."
    return _why_not_version(facts, value) if feature == "rocm_version" else _why_not_arch(facts, supported, value)


def _why_not_version(facts: Facts, value: str) -> str:
    if facts.rocm is None:
        places = " or ".join(f"{place}/{VERSION_FILE}" for place in ROCM_PLACES)
        return f"No version of ROCm is said in {places}."
    installed = f"{facts.rocm[0]}.{facts.rocm[1]}"
    if value.partition(".")[0] != str(facts.rocm[0]):
        return f"ROCm is {installed}, says {facts.rocm_source}, and makes no promise across major versions."
    if facts.rocm_source == FORCE_ROCM:
        return f"{FORCE_ROCM} says {installed}."
    return f"ROCm is {installed}, says {facts.rocm_source}, which is older."


def _why_not_arch(facts: Facts, supported: list[str], value: str) -> str:
    exact = [arch for arch in supported if arch not in GENERIC]
    if facts.forced:
        return f"{facts.forced_by} says {', '.join(facts.forced)}."
    if exact and value in GENERIC:
        return f"No GPU here ({', '.join(exact)}) can run code for {value}."
    if exact:
        source = next(gpu.source for gpu in facts.gpus if gpu.arch == exact[0])
        return f"The GPUs here are {', '.join(exact)}, says {source}."
    if facts.unclear or facts.gpus:
        return f"No GPU here could be identified: {_diagnose_gpus(facts)[0][1]}"
    doubt = find_doubt(facts)
    if doubt:
        return f"Whether this machine has a usable AMD GPU is not known: {doubt}."
    if facts.evidence.dxg:
        return f"{DXG} is there, but no rocminfo of ROCm's told of an AMD GPU behind it."
    return f"No AMD GPU was found in {NODES}."

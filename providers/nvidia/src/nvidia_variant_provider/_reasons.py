"""Reasons behind an answer, for people: its facts, what went wrong, and what denies a value."""

from __future__ import annotations

from ._rules import decide_answer, usable_capabilities, usable_cuda
from ._tables import (
    BRANCH,
    FIRST_CAPABILITY,
    FIRST_MAJOR,
    FORCE_CAPABILITY,
    FORCE_CUDA,
    GPU_POLICY,
    LAST_CAPABILITY,
    LAST_MAJOR,
    LAST_MINOR,
    LOWER_BOUND,
    SM_ARCH,
    UPPER_BOUND,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts
    from ._reports import Pair

PLACES = {"driver": "kernel driver", "tegra": "Tegra", "wsl": "WSL", "windows": "Windows"}


def diagnose_all(facts: Facts) -> list[tuple[str, str]]:
    """Notes on the sources first, then those on the answer itself."""
    found = list(facts.notes)
    for forced, name, code in (
        (facts.forced_cuda, FORCE_CUDA, "cuda-forced"),
        (facts.forced_capability, FORCE_CAPABILITY, "sm-arch-forced"),
    ):
        if forced:
            found.append((code, f"{name} says {dotted(forced)}, whatever the machine has."))
    return found + _range_diagnostics(facts) + _mixed_diagnostics(facts)


def _range_diagnostics(facts: Facts) -> list[tuple[str, str]]:
    found = []
    cuda = usable_cuda(facts)
    if cuda and not (FIRST_MAJOR <= cuda[0] <= LAST_MAJOR and cuda[1] <= LAST_MINOR):
        known = f"{FIRST_MAJOR}.0 to {LAST_MAJOR}.{LAST_MINOR}"
        found.append(
            ("cuda-out-of-range", f"CUDA {dotted(cuda)} is outside {known}, the versions this provider knows.")
        )
    for pair in usable_capabilities(facts):
        if not (FIRST_CAPABILITY <= pair <= LAST_CAPABILITY and pair[1] <= 9):
            known = f"{dotted(FIRST_CAPABILITY)} to {dotted(LAST_CAPABILITY)}"
            text = f"compute capability {dotted(pair)} is outside {known}, those this provider knows."
            found.append(("sm-arch-out-of-range", text))
    if cuda is None and usable_capabilities(facts) and facts.place and not facts.forced_capability:
        found.append(("cuda-version-unknown", "No source tells which version of CUDA the driver supports."))
    return found


def _mixed_diagnostics(facts: Facts) -> list[tuple[str, str]]:
    kinds = sorted(set(facts.capabilities), reverse=True)
    if len(kinds) < 2 or facts.forced_capability:
        return []
    which = {"union": "a wheel for any of them is accepted", "max": "the highest counts", "min": "the lowest counts"}
    text = f"GPUs of compute capability {', '.join(map(dotted, kinds))} are here: {which[facts.policy]} ({GPU_POLICY})."
    return [("mixed-gpus", text)]


def describe_all(facts: Facts) -> list[tuple[str, str, str]]:
    """The facts that the answer rests on, as (fact, value, source)."""
    if not facts.place:
        found = [("NVIDIA driver", "absent", "no device node, no kernel driver")]
    else:
        found = [("NVIDIA driver", facts.driver or "of unknown version", facts.driver_source or PLACES[facts.place])]
    if facts.cuda:
        found.append(("CUDA", dotted(facts.cuda), facts.cuda_source))
    if facts.capabilities:
        found.append(("GPUs", ", ".join(map(dotted, facts.capabilities)), facts.capabilities_source))
    if facts.lost:
        found.append(("GPUs left out", ", ".join([str(index) for index, _ in facts.lost]), "NVML or libcuda"))
    if facts.forced_cuda:
        found.append(("CUDA", dotted(facts.forced_cuda), FORCE_CUDA))
    if facts.forced_capability:
        found.append(("GPUs", dotted(facts.forced_capability), FORCE_CAPABILITY))
    return found


def find_reason(facts: Facts, feature: str, value: str) -> str:
    """What denies a value of `get_all_configs`, in one sentence; nothing when it is supported."""
    if any(name == feature and value in values for name, values, _ in decide_answer(facts)):
        return ""
    capabilities, cuda = usable_capabilities(facts), usable_cuda(facts)
    if feature in (LOWER_BOUND, UPPER_BOUND) and cuda:
        source = FORCE_CUDA if facts.forced_cuda else facts.cuda_source
        side = "at least" if feature == LOWER_BOUND else "less than"
        return f"the wheel wants a driver for {side} CUDA {value}, and {source} says {dotted(cuda)}"
    if not capabilities:
        return _why_no_gpu(facts)
    if feature == SM_ARCH:
        source = FORCE_CAPABILITY if facts.forced_capability else facts.capabilities_source
        return f"{_explain_kind(value)}, and {source} says {', '.join(map(dotted, capabilities))}"
    if feature == BRANCH and facts.driver:
        return f"the wheel wants a driver of branch {value} or later, and {facts.driver_source} says {facts.driver}"
    return f"no source tells the {'driver' if feature == BRANCH else 'CUDA'} version"


def _why_no_gpu(facts: Facts) -> str:
    if not facts.place:
        return "there is no NVIDIA driver here: neither /proc/driver/nvidia/version nor a device node of its"
    said = facts.notes[0][1].rstrip(".") if facts.notes else "no source knows of one"
    return f"no GPU is known here: {said}"


def _explain_kind(value: str) -> str:
    number, _, kind = value.partition("_")
    target = number.rstrip("af")
    name = f"{target[:-1]}.{target[-1]}"
    if number.endswith("a"):
        return f"code for {number} runs on compute capability {name} alone"
    if number.endswith("f"):
        return f"code for {number} runs on {name} and later ones of its family alone"
    if kind == "virtual":
        return f"PTX for {name} runs on that and every later compute capability"
    return f"binary code for {name} runs on the same major from that minor on (on Tegra: on {name} alone)"


def dotted(pair: Pair) -> str:
    return f"{pair[0]}.{pair[1]}"

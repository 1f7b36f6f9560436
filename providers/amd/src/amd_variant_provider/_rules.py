"""Facts as answers: the architectures and ROCm versions supported here, and why not another."""

from __future__ import annotations

from ._names import exact_archs, has_values
from ._tables import (
    BOOTSTRAP_DISABLE,
    DRIVER,
    DXG,
    FORCE_ROCM,
    GENERIC,
    KFD,
    NODES,
    ROCM_MAJORS,
    ROCM_MINORS,
    ROCM_PLACES,
    VERSION_FILE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts

    Answer = list[tuple[str, list[str], bool]]


def decide_answer(facts: Facts) -> Answer:
    """`gfx_arch`, then `rocm_version`; each is left out where nothing is known of it."""
    archs, versions = _decide_archs(facts), _decide_versions(facts)
    answer: Answer = [("gfx_arch", archs, True)] if archs else []
    return [*answer, ("rocm_version", versions, False)] if versions else answer


def decide_everything() -> Answer:
    """All there is in this version, whatever the machine and the environment."""
    versions = [f"{major}.{minor}" for major in ROCM_MAJORS for minor in ROCM_MINORS]
    return [("gfx_arch", exact_archs() + list(GENERIC), True), ("rocm_version", versions, False)]


def _decide_archs(facts: Facts) -> list[str]:
    """Discrete GPUs before integrated ones, then the larger; then the generic targets that their code may be for."""
    if facts.disabled:
        return []
    ordered = sorted(facts.gpus, key=lambda gpu: (gpu.integrated, -gpu.units))  # stable: the kernel's order decides
    exact = facts.forced or [gpu.arch for gpu in ordered if gpu.arch]
    generic = [name for arch in exact for name, members in GENERIC.items() if arch in members.split()]
    archs = list(dict.fromkeys(exact + generic))
    preferred = [] if facts.forced else [arch for arch in facts.preferred if arch in archs]
    return list(dict.fromkeys(preferred + archs))


def _decide_versions(facts: Facts) -> list[str]:
    """The version and those before it down to the major one, which keep their promises."""
    if facts.disabled or facts.rocm is None or not has_values(facts.rocm):
        return []
    major, minor = facts.rocm
    return [f"{major}.{lower}" for lower in ROCM_MINORS if lower <= minor]


def diagnose(facts: Facts) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about."""
    if facts.disabled:
        return [("disabled", f"{BOOTSTRAP_DISABLE} is 1: nothing was looked for.")]
    notes = [*facts.notes, *_diagnose_gpus(facts), *_diagnose_tools(facts), *_diagnose_rocm(facts)]
    if facts.doubt and not decide_answer(facts):
        # The code tells ignorance from absence: such an answer is not believed and not remembered.
        notes.append(("undetermined", f"Whether this machine has a usable AMD GPU is not known: {facts.doubt}."))
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
    if facts.kfd and facts.gpus:
        notes.append(("kfd-unusable", f"{KFD} {facts.kfd}: programs started here will not reach the GPU."))
    if facts.doubt and not (facts.gpus or facts.unclear or facts.endings or facts.dxg):
        notes.append(("gpu-unreadable", f"GPUs could not be looked for to the end: {facts.doubt}."))
    elif facts.driver and not (facts.gpus or facts.unclear or facts.dxg):
        notes.append(("kfd-missing", f"{DRIVER} is loaded, but {NODES} is not there: this kernel offers no compute."))
    return notes


def _diagnose_tools(facts: Facts) -> list[tuple[str, str]]:
    notes = [("report-failed", f"{name} ended badly: {how[:200]}.") for name, how in facts.endings]
    if facts.dxg and facts.rocm and not (facts.gpus or facts.endings or facts.forced):
        notes.append(("wsl-without-gpu", f"{DXG} is there, but no rocminfo of ROCm's told of an AMD GPU behind it."))
    return notes


def _diagnose_rocm(facts: Facts) -> list[tuple[str, str]]:
    if facts.rocm is None or has_values(facts.rocm):
        return []
    major, minor = facts.rocm
    return [("rocm-unknown", f"{facts.rocm_source} says {major}.{minor}, which this version has no value for.")]


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """Facts, each with its source."""
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


def why_not(facts: Facts, feature: str, value: str) -> str:
    """One sentence for what is not supported; nothing for what is."""
    supported = {name: values for name, values, _ in decide_answer(facts)}.get(feature, [])
    if value in supported:
        return ""
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
    if facts.doubt:
        return f"Whether this machine has a usable AMD GPU is not known: {facts.doubt}."
    if facts.dxg:
        return f"{DXG} is there, but no rocminfo of ROCm's told of an AMD GPU behind it."
    return f"No AMD GPU was found in {NODES}."

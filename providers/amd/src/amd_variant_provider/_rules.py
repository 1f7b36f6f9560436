"""Facts as answers: the architectures and ROCm versions supported here."""

from __future__ import annotations

from ._tables import FAMILIES, GENERIC, KNOWN, ROCM_MAJORS, ROCM_MINORS, STEPPINGS

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


def exact_archs() -> list[str]:
    """Every architecture that is a value, newest family first."""
    families = [f"gfx{family}{stepping}" for family in reversed(FAMILIES) for stepping in STEPPINGS]
    return list(dict.fromkeys(families + KNOWN.split()))


def _decide_archs(facts: Facts) -> list[str]:
    """Discrete GPUs before integrated ones, then the larger; then the generic targets that their code may be for."""
    if facts.disabled or not (facts.gpus or facts.forced):
        return []
    ordered = sorted(facts.gpus, key=lambda gpu: (gpu.integrated, -gpu.units))  # stable: the kernel's order decides
    exact = facts.forced or [gpu.arch for gpu in ordered if gpu.arch]
    generic = [name for arch in exact for name, members in GENERIC.items() if arch in members.split()]
    archs = list(dict.fromkeys(exact + generic))
    preferred = [] if facts.forced else [arch for arch in facts.preferred if arch in archs]
    return list(dict.fromkeys(preferred + archs))


def _decide_versions(facts: Facts) -> list[str]:
    """The version and those before it down to the major one, which keep their promises."""
    if facts.disabled or facts.rocm is None or facts.rocm[0] not in ROCM_MAJORS:
        return []
    major, minor = facts.rocm
    return [f"{major}.{lower}" for lower in ROCM_MINORS if lower <= minor]


def diagnose(facts: Facts) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about."""
    found, evidence = facts.gpus or facts.unclear or facts.rocm, facts.evidence
    troubled = evidence.refused or evidence.reports or evidence.driver or evidence.dxg or evidence.hidden
    if not (found or troubled or facts.notes or facts.disabled):
        return []
    from ._reasons import diagnose_all

    return diagnose_all(facts)


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """Facts, each with its source."""
    from ._reasons import describe_all

    return describe_all(facts)


def why_not(facts: Facts, feature: str, value: str) -> str:
    """One sentence for what is not supported; nothing for what is."""
    supported = {name: values for name, values, _ in decide_answer(facts)}.get(feature, [])
    if value in supported:
        return ""
    from ._reasons import find_reason

    return find_reason(facts, feature, supported, value)

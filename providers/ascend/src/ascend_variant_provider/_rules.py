"""Facts as answers: types, versions, and what the user should know of them."""

from __future__ import annotations

from ._tables import CANNS, DRIVERS, RELEASE_STAGES, TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts
    from ._versions import Majors

    Answer = list[tuple[str, list[str], bool]]


def decide_answer(facts: Facts) -> Answer:
    """The types of all NPUs, the exact versions, then every version that these are not below."""
    types: list[str] = []
    if facts.types:
        from ._names import order_types

        types = order_types(facts.types)
    driver, driver_bounds = _decide_version(facts.driver[0], DRIVERS)
    cann, cann_bounds = _decide_version(facts.cann[0], CANNS)
    answer = [
        ("npu_type", types, False),
        ("driver_version", driver, False),
        ("cann_version", cann, False),
        ("driver_version_lower_bound", driver_bounds, False),
        ("cann_version_lower_bound", cann_bounds, False),
    ]
    return [feature for feature in answer if feature[1]]


def decide_everything() -> Answer:
    """All there is in this version, whatever the machine and the environment."""
    return [
        ("npu_type", list(TYPES), False),
        ("driver_version", list_versions(DRIVERS), False),
        ("cann_version", list_versions(CANNS), False),
        ("driver_version_lower_bound", list_bounds(DRIVERS), False),
        ("cann_version_lower_bound", list_bounds(CANNS), False),
    ]


def list_versions(majors: Majors, with_patches: bool = True) -> list[str]:
    """Every version that is a value, newest first."""
    found = []
    for major, (last_minor, last_patch) in majors.items():
        patches = [f".{patch}" for patch in range(last_patch if with_patches else 0, 0, -1)]
        stages = (*patches, *RELEASE_STAGES)
        found += [f"{major}.{minor}{stage}" for minor in range(last_minor, -1, -1) for stage in stages]
    return found


def list_bounds(majors: Majors) -> list[str]:
    """Every lower bound: of a series, its candidates and its release, since nothing is new in a patch."""
    return list_versions(majors, with_patches=False)


def _decide_version(text: str, majors: Majors) -> tuple[list[str], list[str]]:
    """The exact version, where it is a value, and all that are not above it."""
    if not text:
        return [], []
    from ._versions import drop_later, format_version, has_value, parse_version

    version = parse_version(text)
    if version is None:
        return [], []
    exact = [format_version(version)] if has_value(majors, version) else []
    return exact, drop_later(list_bounds(majors), version)


def diagnose(facts: Facts) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about."""
    if not (
        facts.notes
        or facts.forced
        or facts.evidence.nodes
        or facts.evidence.manager
        or facts.evidence.refused
        or facts.driver[0]
        or facts.cann[0]
    ):
        return []
    from ._reasons import diagnose_all

    return diagnose_all(facts)


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """Facts, each with its source."""
    from ._reasons import describe_all

    return describe_all(facts)


def why_not(facts: Facts, feature: str, value: str) -> str:
    """One sentence for what is not supported; nothing for what is."""
    from ._reasons import find_reason

    answer = {name: values for name, values, _ in decide_answer(facts)}.get(feature, [])
    return "" if value in answer else find_reason(facts, feature, answer)

"""Facts as answers: types, versions, and what the user should know of them."""

from __future__ import annotations

from ._tables import CANN_MAJORS, DRIVER_MAJORS, MINORS, STAGES, TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts

    Answer = list[tuple[str, list[str], bool]]


def decide_answer(facts: Facts) -> Answer:
    """The types of all NPUs, the exact versions, then every version that these are not below."""
    types: list[str] = []
    if facts.types:
        from ._names import order_types

        types = order_types(facts.types)
    driver, driver_bounds = _decide_version(facts.driver[0], DRIVER_MAJORS)
    cann, cann_bounds = _decide_version(facts.cann[0], CANN_MAJORS)
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
    driver, cann = list_versions(DRIVER_MAJORS), list_versions(CANN_MAJORS)
    return [
        ("npu_type", list(TYPES), False),
        ("driver_version", driver, False),
        ("cann_version", cann, False),
        ("driver_version_lower_bound", driver, False),
        ("cann_version_lower_bound", cann, False),
    ]


def list_versions(majors: range) -> list[str]:
    """Every version that is a value, newest first."""
    series = [f"{major}.{minor}" for major in majors for minor in MINORS]
    return [version + stage for version in series for stage in STAGES]


def _decide_version(text: str, majors: range) -> tuple[list[str], list[str]]:
    """The exact version, where it is a value, and all that are not above it."""
    if not text:
        return [], []
    from ._versions import format_version, has_value, list_bounds, parse_version

    version = parse_version(text)
    if version is None:
        return [], []
    exact = [format_version(version)] if has_value(majors, version) else []
    return exact, list_bounds(list_versions(majors), version)


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

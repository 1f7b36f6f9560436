"""What the facts allow, best first, and what denies the rest."""

from __future__ import annotations

from ._tables import (
    BRANCH,
    BRANCH_STEP,
    FIRST_ARCHITECTURE_SPECIFIC,
    FIRST_BRANCH,
    FIRST_CAPABILITY,
    FIRST_FAMILY_SPECIFIC,
    FIRST_MAJOR,
    LAST_BRANCH,
    LAST_CAPABILITY,
    LAST_COMMON_MAJOR,
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

    Answer = list[tuple[str, list[str], bool]]  # feature, values, multi_value

# Later majors stand after those that other implementations of this namespace know: with the same wheels before
# them, they choose the same.
UPPER_MAJORS = (*range(LAST_COMMON_MAJOR, FIRST_MAJOR - 1, -1), *range(LAST_MAJOR, LAST_COMMON_MAJOR, -1))


def decide_answer(facts: Facts) -> Answer:
    """The supported features in order of preference; nothing while no GPU is known, other than what is forced."""
    cuda, capabilities = usable_cuda(facts), usable_capabilities(facts)
    answer = [
        (LOWER_BOUND, lower_bounds(cuda) if cuda else [], False),
        (UPPER_BOUND, upper_bounds(cuda) if cuda else [], False),
        (SM_ARCH, _sm_values(capabilities), True),
        (BRANCH, branches(facts.driver) if capabilities else [], False),
    ]
    return [feature for feature in answer if feature[1]]


def decide_everything() -> Answer:
    """Every feature and value there is, in the same order."""
    return [
        (LOWER_BOUND, lower_bounds((LAST_MAJOR, LAST_MINOR)), False),
        (UPPER_BOUND, upper_bounds((0, 0)), False),
        (SM_ARCH, _every_sm_value(), True),
        (BRANCH, branches(str(LAST_BRANCH)), False),
    ]


def usable_cuda(facts: Facts) -> Pair | None:
    """The forced version, or the driver's where it has a GPU."""
    return facts.forced_cuda or (facts.cuda if usable_capabilities(facts) else None)


def usable_capabilities(facts: Facts) -> list[Pair]:
    """Each once, highest first, as the policy has it."""
    found = [facts.forced_capability] if facts.forced_capability else sorted(set(facts.capabilities), reverse=True)
    return {"union": found, "max": found[:1], "min": found[-1:]}[facts.policy]


def lower_bounds(cuda: Pair) -> list[str]:
    """What a driver for `cuda` satisfies: its own version, every earlier one, and each major after its minors."""
    major, minor = (LAST_MAJOR, LAST_MINOR) if cuda[0] > LAST_MAJOR else (cuda[0], min(cuda[1], LAST_MINOR))
    values = []
    for number in range(major, FIRST_MAJOR - 1, -1):
        values += [*_minors(number, minor if number == major else LAST_MINOR, 0), str(number)]
    return values


def upper_bounds(cuda: Pair) -> list[str]:
    """What a driver for `cuda` stays below."""
    values = []
    for number in UPPER_MAJORS:
        if number > cuda[0]:
            values += [*_minors(number, LAST_MINOR, 0), str(number)]
        elif number == cuda[0]:
            values += _minors(number, LAST_MINOR, cuda[1] + 1)
    return values


def _minors(major: int, highest: int, lowest: int) -> list[str]:
    return [f"{major}.{minor}" for minor in range(highest, lowest - 1, -1)]


def _sm_values(capabilities: list[Pair]) -> list[str]:
    if not capabilities:
        return []
    from ._capabilities import list_values

    return list_values(capabilities)


def _every_sm_value() -> list[str]:
    pairs = [
        (major, minor) for major in range(LAST_CAPABILITY[0], FIRST_CAPABILITY[0] - 1, -1) for minor in range(9, -1, -1)
    ]
    suffixed = [f"{major}{minor}a" for major, minor in pairs if (major, minor) >= FIRST_ARCHITECTURE_SPECIFIC]
    suffixed += [f"{major}{minor}f" for major, minor in pairs if (major, minor) >= FIRST_FAMILY_SPECIFIC]
    plain = [f"{major}{minor}" for major, minor in pairs]
    return [f"{text}_{kind}" for texts in (plain, suffixed) for kind in ("real", "virtual") for text in texts]


def branches(driver: str) -> list[str]:
    """The branches up to the driver's, newest first: `580`, `575`, …"""
    number = driver.partition(".")[0]
    if not (number.isascii() and number.isdigit()):
        return []
    newest = min(int(number) // BRANCH_STEP * BRANCH_STEP, LAST_BRANCH)
    return [str(branch) for branch in range(newest, FIRST_BRANCH - 1, -BRANCH_STEP)]


def diagnose(facts: Facts) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about, as (code, sentence)."""
    if not (facts.place or facts.notes or facts.forced_cuda or facts.forced_capability):
        return []
    from ._reasons import diagnose_all

    return diagnose_all(facts)


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """The facts that the answer rests on, as (fact, value, source)."""
    from ._reasons import describe_all

    return describe_all(facts)


def why_not(facts: Facts, feature: str, value: str) -> str:
    """What denies a value of `get_all_configs`, in one sentence; nothing when it is supported."""
    from ._reasons import find_reason

    return find_reason(facts, feature, value)

"""What the facts allow, best first, and what denies the rest."""

from __future__ import annotations

from ._tables import (
    BRANCH,
    BRANCH_STEP,
    FAMILIES,
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
    TEGRA,
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
        (SM_ARCH, sm_values(capabilities), True),
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


def sm_values(capabilities: list[Pair]) -> list[str]:
    """The lists of all GPUs, in their order, without repetition."""
    values: dict[str, None] = {}
    for major, minor in capabilities:
        values.update(dict.fromkeys(_values_of_one(major, min(minor, 9))))
    return list(values)


def _values_of_one(major: int, minor: int) -> list[str]:
    """Code for the GPU, then what its driver can compile for it, nearest first.

    Binary code runs on the same major from its own minor on, except on and from Tegra; PTX on everything later.
    """
    own = [(major, number) for number in range(minor, -1, -1)] if major <= LAST_CAPABILITY[0] else []
    lower = [
        (before, number)
        for before in range(min(major - 1, LAST_CAPABILITY[0]), FIRST_CAPABILITY[0] - 1, -1)
        for number in range(9, -1, -1)
    ]
    binary = own[:1] if (major, minor) in TEGRA else own
    suffixed = _suffixed(major, minor) if own else []
    values = [_name(pair, "real") for pair in binary] + [_name(pair, "virtual") for pair in own]
    values += [text + "_real" for text in suffixed] + [text + "_virtual" for text in suffixed]
    values += [_name(pair, "virtual") for pair in lower]
    return values if major >= FIRST_CAPABILITY[0] else []


def _suffixed(major: int, minor: int) -> list[str]:
    """`103a`, for this capability alone, then `103f` and `100f`, for those of one family from it on."""
    pair = (major, minor)
    values = [f"{major}{minor}a"] if pair >= FIRST_ARCHITECTURE_SPECIFIC else []
    if pair >= FIRST_FAMILY_SPECIFIC:
        family = next((members for members in FAMILIES if pair in members), (pair,))
        values += [f"{member[0]}{member[1]}f" for member in reversed(family) if member <= pair]
    return values


def _name(pair: Pair, kind: str) -> str:
    return f"{pair[0]}{pair[1]}_{kind}"


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
    from ._reasons import diagnose_all

    return diagnose_all(facts) if facts.place or facts.notes or is_forced(facts) else []


def is_forced(facts: Facts) -> bool:
    return facts.forced_cuda is not None or facts.forced_capability is not None


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """The facts that the answer rests on, as (fact, value, source)."""
    from ._reasons import describe_all

    return describe_all(facts)


def why_not(facts: Facts, feature: str, value: str) -> str:
    """What denies a value of `get_all_configs`, in one sentence; nothing when it is supported."""
    from ._reasons import find_reason

    return find_reason(facts, feature, value)

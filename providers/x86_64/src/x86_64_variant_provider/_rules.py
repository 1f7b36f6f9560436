"""What the facts allow, best first, and which source denies the rest."""

from ._parse import ROWS, parse_kernel
from ._tables import LEVELS, USABLE_SINCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts, Row

    Answer = list[tuple[str, list[str], bool]]  # feature, values, multi_value
    Families = dict[str, tuple[str, list[str], list[str]]]  # name -> vendor, parents, features beyond theirs

ASSUMED_LEVEL = 2
FAMILY = "microarchitecture"
_families: "Families" = {}  # the table once it was read


def decide_answer(facts: "Facts") -> "Answer":
    """The supported features in order of preference: `level`, extensions as in the table, `microarchitecture`."""
    if facts.disabled or facts.interpreter != "x86_64":
        return []
    names = decide_usable(facts)
    level = decide_level(names) if facts_known(facts) else ASSUMED_LEVEL
    if facts.forced is not None:
        from ._overrides import force_level

        level, names = facts.forced, force_level(facts.forced, names, ROWS)
    families = decide_families(facts.vendor, names)
    return as_answer(level, names, families)


def decide_everything() -> "Answer":
    """Every feature and value there is, in the same order."""
    return as_answer(4, frozenset(ROWS), list(load_families()))


def as_answer(level: int, names: "frozenset[str]", families: "list[str]") -> "Answer":
    extensions = [(name, ["on"], False) for name, row in ROWS.items() if name in names and row.level]
    first = ("level", [f"v{number}" for number in range(level, 0, -1)], False)
    return [first, *extensions, *([(FAMILY, families, False)] if families else [])]


def facts_known(facts: "Facts") -> bool:
    return facts.bits is not None or facts.flags is not None


def decide_usable(facts: "Facts") -> "frozenset[str]":
    """The extensions that nothing stands in the way of, nor of what they need."""
    free = {name for name, row in ROWS.items() if not find_obstacle(row, facts)}
    free.add("-")

    def holds(name: str) -> bool:
        return name in free and (name == "-" or holds(ROWS[name].needs))

    return frozenset([name for name in ROWS if holds(name)])


def decide_level(names: "frozenset[str]") -> int:
    level = 1
    while level < 4 and names.issuperset(LEVELS[level + 1]):
        level += 1
    return level


def decide_families(vendor: str, names: "frozenset[str]") -> "list[str]":
    """The best micro-architecture of this vendor whose features are all there, and those that it descends from."""
    families = load_families()
    fitting: set[str] = set()
    for name, (maker, parents, features) in reversed(list(families.items())):  # parents come last
        if maker == vendor and fitting.issuperset(parents) and names.issuperset(features):
            fitting.add(name)
    line: set[str] = set()
    for name in families:  # best first; the first that fits begins the line, and its parents go on with it
        if name in line or (not line and name in fitting):
            line.update([name, *families[name][1]])
    return [name for name in families if name in line]


def load_families() -> "Families":
    """archspec's micro-architectures, best first; `vendoring.py` says how the table comes about."""
    if not _families:
        for line in _read_table().split("\n")[:-1]:
            name, vendor, parents, *features = line.split()
            _families[name] = (vendor, [] if parents == "-" else parents.split(","), features)
    return _families


def _read_table() -> str:
    path = __file__[: -len("_rules.py")] + "_vendor/microarchitectures.txt"
    try:
        data: bytes = __spec__.loader.get_data(path)  # type: ignore[union-attr]
    except OSError:
        raise ImportError(f"{path} is missing: a source tree wants `variantkit provider vendor` first") from None
    return data.decode("ascii")


def find_obstacle(row: "Row", facts: "Facts") -> str:
    """The source that denies the row: cpuid, xcr0, flags, kernel, unknown (none tells); empty when none does."""
    flags, kernel = facts.flags, facts.kernel
    unlisted = flags is not None and row.flag not in flags
    if facts.bits is None or row.register < 0:
        obstacle = "unknown" if flags is None else "flags" if unlisted else ""
    elif row.name not in facts.bits:
        obstacle = "cpuid"
    elif facts.xcr0 & row.xcr0 != row.xcr0:
        obstacle = "xcr0"
    # A kernel that knows the name and does not print it has switched the feature off (clearcpuid=, an erratum).
    else:
        since = parse_kernel(row.since) if unlisted else None
        obstacle = "flags" if since and (kernel is None or kernel >= since) else ""
    if not obstacle and row.name in USABLE_SINCE and kernel is not None and kernel < USABLE_SINCE[row.name]:
        return "kernel"
    return obstacle


def diagnose(facts: "Facts") -> "list[tuple[str, str]]":
    """What the user should know of how the answer came about, as (code, sentence)."""
    if facts.bits is not None and facts.forced is None and not facts.disabled and not facts.notes:
        return []
    from ._reasons import diagnose_all

    return diagnose_all(facts)


def describe(facts: "Facts") -> "list[tuple[str, str, str]]":
    """What is known and by which source, as (fact, value, source), the features of the answer included."""
    from ._reasons import describe_all

    return describe_all(facts)


def why_not(facts: "Facts", feature: str, value: str) -> str:
    """Why a value is not supported, in sentences; empty when it is."""
    from ._reasons import find_reason

    return find_reason(facts, feature, value)

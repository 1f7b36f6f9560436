"""Every feature and value there is: constant, and made of the tables alone, as every installer asks for it."""

from ._tables import TABLE, VERSIONS

__all__ = ["CORES", "decide_everything", "list_names"]

try:
    from ._vendor.microarchitectures import TABLE as CORES  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # a source tree in which nothing was vendored yet: the wheel's build does it
    CORES = ""

TYPE_CHECKING = False
if TYPE_CHECKING:
    Answer = list[tuple[str, list[str], bool]]  # feature, values best first, multi_value


def decide_everything() -> "Answer":
    """Every feature with its values, in order of preference."""
    answer = [("version", list_names(VERSIONS), False)]
    answer += [(name, ["on"], False) for name in list_names(TABLE)]
    return [*answer, ("microarchitecture", list_names(CORES), False)] if CORES else answer


def list_names(table: str) -> "list[str]":
    """The first word of each line."""
    return [line.partition(" ")[0] for line in table.split("\n") if line]

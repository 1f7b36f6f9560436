"""The two variables that change the answer."""

from ._tables import LEVELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._parse import Facts, Row


def parse_overrides(variables: "Mapping[str, str]", facts: "Facts") -> None:
    """Read both; an empty variable is an unset one, a senseless one is ignored and reported."""
    for name, value in variables.items():
        text = value.strip().lower()
        if name.endswith("_DISABLE") and text in ("", "0", "1"):
            facts.disabled = text == "1"
        elif name.endswith("_FORCE_LEVEL") and text in ("", "v1", "v2", "v3", "v4"):
            facts.forced = int(text[1]) if text else None
        else:
            expected = "1 or 0" if name.endswith("_DISABLE") else "v1, v2, v3 or v4"
            note = ("override-ignored", f"{name} is {value[:40]!r}, expected {expected}; it was ignored.")
            facts.notes = (*facts.notes, note)


def force_level(level: int, names: "frozenset[str]", rows: "Mapping[str, Row]") -> "frozenset[str]":
    """The extensions of a machine of exactly `level`: those it implies, and of the rest none that goes with more."""
    implied = {name for number in range(1, level + 1) for name in LEVELS[number]}
    return frozenset([name for name in names | implied if rows[name].level <= level])

"""Compute capabilities as values: the code that GPUs of one run, nearest first."""

from __future__ import annotations

from ._tables import (
    FAMILIES,
    FIRST_ARCHITECTURE_SPECIFIC,
    FIRST_CAPABILITY,
    FIRST_FAMILY_SPECIFIC,
    LAST_CAPABILITY,
    TEGRA,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._reports import Pair


def list_values(capabilities: list[Pair]) -> list[str]:
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

"""The names that Ascend's software gives to chips -> types."""

from __future__ import annotations

from ._tables import FAMILIES, TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NO_NPU = ("mcu", "cpu")


def find_type(name: str, npu: str = "", pci: Iterable[str] = ()) -> str:
    """The type of a chip, by its name (`Ascend 910B4-1`), its NPU's (`9362`) and the PCI list's types; else nothing."""
    plain, second = _simplified(name), _simplified(npu)
    if plain in FAMILIES:
        return plain
    if plain.startswith("950"):
        return "950"
    if plain.startswith("910"):
        return _find_910(plain[3:].lstrip("_"), second.removeprefix("910").lstrip("_"), set(pci))
    if plain.startswith(("310p", "310b")):
        return plain[:4]
    return "310" if plain == "310" or (plain[3:4].isdecimal() and plain.startswith("310")) else ""


def is_bare(name: str) -> bool:
    """Whether a name is `Ascend910` alone, which chips of three generations have."""
    return _simplified(name) == "910"


def _find_910(rest: str, npu: str, pci: set[str]) -> str:
    """Three generations share the number: 910 and 910A; 910B1 to 910B4; and 910_93…, which is the A3's."""
    if not rest:
        # The A3 gives its chips the bare name, and its NPUs that of the model. Old 910s have it with some drivers.
        known = pci & {"a3", "910b", "910a"}
        return "a3" if npu.startswith("93") or len(known) != 1 else known.pop()
    if rest.startswith(("93", "c")):
        return "a3"
    if rest[0] == "b":
        return "910b" if rest[1:2].isdecimal() else "910a"  # plain "910B" is a model of the first generation
    return "910a" if rest.startswith(("a", "pro", "premium")) else ""


def expand_type(name: str) -> list[str]:
    """A type and the wider ones that it supports too."""
    values = [name]
    while values[-1] in FAMILIES:
        values.append(FAMILIES[values[-1]])
    return values


def order_types(found: Iterable[str]) -> list[str]:
    """All values that the types found support, newest first."""
    supported = {value for name in found for value in expand_type(name)}
    return [value for value in TYPES if value in supported]


def _simplified(name: str) -> str:
    plain = name.strip().lower().replace("-", "_").replace(" ", "")
    for prefix in ("huawei", "ascend"):
        plain = plain.removeprefix(prefix).lstrip("_")
    return plain

"""The names of architectures, versions and places that tools and users write, as values that exist."""

from __future__ import annotations

from ._tables import FAMILIES, GENERIC, KNOWN, ROCM_MAJORS, STEPPINGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    Version = tuple[int, int]

PATH_SIGNS = "/_.+-"


def is_arch(name: str) -> bool:
    return name in KNOWN.split() or (name[:3] == "gfx" and name[3:-1] in FAMILIES and name[-1:] in STEPPINGS)


def normalize_arch(text: str) -> str:
    """`gfx90a:sramecc+:xnack-` -> `gfx90a`, `gfx9-4-generic` -> `gfx9_4_generic`; nothing when it is no value.

    The features after a colon are settings of the GPU's, not of the machine: code for the plain name runs on all.
    """
    name = text.strip().lower().partition(":")[0].replace("-", "_")
    return name if is_arch(name) or name in GENERIC else ""


def parse_archs(text: str) -> tuple[list[str], list[str]]:
    """A list separated by commas, semicolons or spaces, as (values in order, words that are none)."""
    found: list[str] = []
    unknown: list[str] = []
    for word in text.replace(",", " ").replace(";", " ").split():
        name = normalize_arch(word)
        if not name:
            unknown.append(word)
        elif name not in found:
            found.append(name)
    return found, unknown


def parse_version(text: str) -> Version | None:
    """`6.3`, `6.3.1` or `6.3.1-48` as (6, 3); None when it is no version."""
    numbers = text.strip().partition("-")[0].split(".")
    if not 2 <= len(numbers) <= 4:
        return None
    if not all(number.isascii() and number.isdecimal() and len(number) <= 3 for number in numbers[:2]):
        return None
    return int(numbers[0]), int(numbers[1])


def has_values(version: Version) -> bool:
    """Whether there are values for this version of ROCm; a minor version beyond the last one counts as that."""
    return version[0] in ROCM_MAJORS


def is_path(text: str) -> bool:
    """Whether this is a plain absolute path, which may be asked for a version."""
    plain = text.isascii() and all(sign.isalnum() or sign in PATH_SIGNS for sign in text)
    return plain and text.startswith("/") and len(text) <= 256 and ".." not in text.split("/")

"""Overrides as the environment gives them; an empty one is an unset one."""

from __future__ import annotations

from ._machine import seconds_allowed
from ._reports import is_number
from ._tables import FORCE_CAPABILITY, FORCE_CUDA, GPU_POLICY, POLICIES, TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._reports import Pair

VERSION = (
    r"\s*v?(?:[0-9]+!)?([0-9]{1,6})(?:\.([0-9]{1,6}))?(?:\.[0-9]+)*"
    r"(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|preview)[-_.]?[0-9]*)?(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?"
    r"(?:[-_.]?dev[-_.]?[0-9]*)?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?\s*"
)
"""A version as PyPA's version specifiers define it: the first two numbers of its release are taken."""


def parse_cuda_override(text: str) -> Pair | None:
    """`12`, `12.8` or `12.8.1`: what the driver supports at most."""
    if not text:
        return None
    import re  # late: overrides are rare, and it takes milliseconds

    found = re.fullmatch(VERSION, text, re.IGNORECASE | re.ASCII)
    return (int(found.group(1)), int(found.group(2) or 0)) if found else None


def parse_capability_override(text: str) -> Pair | None:
    """`9.0`: two numbers, as NVIDIA writes compute capabilities."""
    major, dot, minor = text.strip().partition(".")
    return (int(major), int(minor)) if dot and is_number(major) and is_number(minor) else None


def parse_policy(text: str) -> str:
    """One of the policies; nothing for anything else."""
    policy = text.strip().lower()
    return policy if policy in POLICIES else ""


def find_ignored(variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """The variables that are set to what cannot be understood, each with what was expected."""
    checks = (
        (FORCE_CUDA, parse_cuda_override, "a version such as 12.8"),
        (FORCE_CAPABILITY, parse_capability_override, "a compute capability such as 9.0"),
        (GPU_POLICY, parse_policy, "union, max or min"),
        (TIMEOUT, parse_seconds, "seconds from 0.1 to 60"),
    )
    return [(name, expected) for name, parse, expected in checks if variables.get(name) and not parse(variables[name])]


def parse_seconds(text: str) -> float:
    """0 for what the machine would not go by."""
    return seconds_allowed({TIMEOUT: text}, 0.0)

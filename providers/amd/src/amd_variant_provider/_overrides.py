"""The variables with which a user decides what is not to be detected."""

from __future__ import annotations

from ._machine import seconds_allowed
from ._names import has_values, is_path, parse_archs, parse_version
from ._tables import (
    BOOTSTRAP_DISABLE,
    BOOTSTRAP_FORCE,
    FORCE_ARCH,
    FORCE_ROCM,
    PREFERRED_ARCHS,
    ROCM_PATH,
    TIMEOUT,
    VERSION_FILE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._parse import Facts


def take_overrides(facts: Facts, variables: Mapping[str, str]) -> None:
    """Put the overrides into the facts, and a note for each that makes no sense."""
    _take_rocm(facts, variables)
    facts.disabled = variables.get(BOOTSTRAP_DISABLE) == "1"
    if variables.get(BOOTSTRAP_DISABLE, "") not in ("", "0", "1"):
        facts.notes.append(_ignored(BOOTSTRAP_DISABLE, variables[BOOTSTRAP_DISABLE], "1 or 0"))
    for name in (FORCE_ARCH, BOOTSTRAP_FORCE, PREFERRED_ARCHS):
        archs, unknown = parse_archs(variables.get(name, ""))
        for word in unknown[:3]:
            facts.notes.append(_ignored(name, word, "architectures such as gfx90a"))
        if name == PREFERRED_ARCHS:
            facts.preferred = archs
        elif archs and not facts.forced:
            facts.forced, facts.forced_by = archs, name
    seconds = variables.get(TIMEOUT, "")
    if seconds and not seconds_allowed({TIMEOUT: seconds}, 0.0):
        facts.notes.append(_ignored(TIMEOUT, seconds, "0.1 to 60 seconds"))


def _take_rocm(facts: Facts, variables: Mapping[str, str]) -> None:
    found_in = facts.rocm_source  # what ROCM_PATH names is looked at first
    forced = variables.get(FORCE_ROCM, "")
    version = parse_version(forced)
    if version is not None and has_values(version):
        facts.rocm, facts.rocm_source = version, FORCE_ROCM
    elif forced.strip():
        facts.notes.append(_ignored(FORCE_ROCM, forced, "a version such as 6.3 or 6.3.1"))
    chosen = variables.get(ROCM_PATH, "")
    if chosen and not is_path(chosen):
        facts.notes.append(_ignored(ROCM_PATH, chosen, "a plain absolute path"))
    elif chosen and found_in != f"{chosen.rstrip('/')}/{VERSION_FILE}":
        facts.notes.append(("rocm-path-empty", f"{ROCM_PATH} is {chosen}, where no {VERSION_FILE} could be read."))


def _ignored(name: str, value: str, expected: str) -> tuple[str, str]:
    return "override-ignored", f"{name} has {value[:40]!r}, expected {expected}; it was ignored."

"""The variables with which a user decides what is not to be detected."""

from __future__ import annotations

from ._machine import seconds_allowed
from ._tables import (
    CANNS,
    DRIVERS,
    FORCE_CANN,
    FORCE_DRIVER,
    FORCE_TYPE,
    HOME_PATH,
    TIMEOUT,
    TOOLKIT_HOME,
    TYPES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._versions import Majors


def parse_overrides(variables: Mapping[str, str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The values that are forced, by variable, and what to say of overrides that make no sense."""
    forced: dict[str, str] = {}
    notes = []
    for name, parse, expected in (
        (FORCE_TYPE, _parse_type, f"one of {', '.join(TYPES)}"),
        (FORCE_DRIVER, _parse_driver, "a version such as 25.2.1 or 24.1.rc3"),
        (FORCE_CANN, _parse_cann, "a version such as 8.5.0 or 8.3.rc1"),
    ):
        text = variables.get(name, "").strip().lower()
        value = parse(text) if text else ""
        if value:
            forced[name] = value
        elif text:
            said = variables[name][:40]
            notes.append(("override-ignored", f"{name} is {said!a}, expected {expected}; it was ignored."))
    for name, is_right, expected in (
        (TOOLKIT_HOME, is_plain, "an absolute path"),
        (HOME_PATH, is_plain, "an absolute path"),
        (TIMEOUT, _is_duration, "0.1 to 60 seconds"),
    ):
        if variables.get(name) and not is_right(variables[name]):
            said = variables[name][:40]
            notes.append(("override-ignored", f"{name} is {said!a}, expected {expected}; it was ignored."))
    return forced, notes


def is_plain(path: str) -> bool:
    """Whether this is an absolute path that may be asked for a version."""
    return path.startswith("/") and ".." not in path.split("/") and path.isprintable()


def _is_duration(text: str) -> bool:
    return seconds_allowed({TIMEOUT: text}, 0.0) > 0


def _parse_type(text: str) -> str:
    from ._names import find_type

    is_name = text.replace("-", "").replace("_", "").replace(" ", "").isalnum()
    return text if text in TYPES else find_type(text) if is_name else ""


def _parse_driver(text: str) -> str:
    return _parse_version(text, DRIVERS)


def _parse_cann(text: str) -> str:
    return _parse_version(text, CANNS)


def _parse_version(text: str, majors: Majors) -> str:
    from ._versions import format_version, has_value, parse_version

    version = parse_version(text)
    return format_version(version) if version and has_value(majors, version) else ""

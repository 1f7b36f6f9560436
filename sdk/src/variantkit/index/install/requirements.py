"""What the arguments and requirements files of an installer say about indexes, versions and hashes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.index.pages.filename import normalize_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_DEPTH = 16

BEFORE_DASHES = "give it to variantkit, before the '--'"
REFUSED = {
    "--index-url": f"the loopback index would be passed over; {BEFORE_DASHES}",
    "--pypi-url": "the loopback index would be passed over; give --index-url to variantkit, before the '--'",
    "--default-index": "the loopback index would be passed over; give --index-url to variantkit, before the '--'",
    "--index": "the loopback index would be passed over; set UV_INDEX instead",
    "--extra-index-url": f"its variants would be passed over; {BEFORE_DASHES}",
    "--no-index": f"the loopback index would be passed over; {BEFORE_DASHES}: --index-url DIRECTORY",
    "--offline": f"the loopback index would be out of reach; {BEFORE_DASHES}",
    "--proxy": "loopback would go through it too; set HTTPS_PROXY instead",
    "--report": "it would hold the addresses of the loopback index, which are gone afterwards; "
    "run 'pip inspect' or 'variantkit install --json' instead",
    "--isolated": "pip would not hear of the loopback index",
    "--target": BEFORE_DASHES,
    "--python": BEFORE_DASHES,
}
_SHORT = {"-i": "--index-url", "-t": "--target", "-p": "--python"}
_REQUIREMENT_FILE = ("-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints")


class Stated(NamedTuple):
    """`extra_index_urls` that requirements files add, `specifiers` per project, whether hashes are required.

    `projects` are the normalised names that are asked for without a condition.
    """

    extra_index_urls: tuple[str, ...]
    specifiers: Mapping[str, str]
    require_hashes: bool
    projects: tuple[str, ...]


def require_safe_arguments(arguments: Sequence[str]) -> None:
    """Raise InputError for an option that would pass the loopback index over or write its address down.

    An abbreviation counts as the option, as pip reads it.
    """
    for argument in arguments:
        head = argument.partition("=")[0]
        option = next(
            (name for name in REFUSED if len(head) > 2 and head.startswith("--") and name.startswith(head)), None
        )
        if option is None and not argument.startswith("--"):
            option = _SHORT.get(option_of(argument)[0])
        if option is not None:
            raise InputError(f"-- {head}: {REFUSED[option]}")


def read_requirements(requirements: Sequence[str], arguments: Sequence[str], environ: Mapping[str, str]) -> Stated:
    """Read what will be installed, as far as it decides which builds to show.

    Raises InputError for a requirements file that chooses its own index.
    """
    specifiers: dict[str, list[str]] = {}
    extra: list[str] = []
    switches = (environ.get(name, "").lower() for name in ("PIP_REQUIRE_HASHES", "UV_REQUIRE_HASHES"))
    hashes = "--require-hashes" in arguments or any(switch in {"1", "true", "yes", "on"} for switch in switches)
    _note_specifiers(requirements, specifiers)
    for where, line in requirement_lines(arguments):
        option, value = option_of(line)
        if option in ("-i", "--index-url", "--no-index"):
            raise InputError(
                f"{where}: {option} would pass the loopback index over; take that line out and give "
                f"'--index-url {value or 'DIRECTORY'}' to variantkit, before the '--'"
            )
        if option == "--extra-index-url":
            extra.append(_expanded(value, environ))
        hashes = hashes or "--hash=" in line or "--hash " in line or option == "--require-hashes"
        if not option:
            _note_specifiers([re.split(r"\s+(?:#|--)", line)[0]], specifiers)
    joined = {project: ",".join(parts) for project, parts in specifiers.items() if parts}
    return Stated(tuple(dict.fromkeys(extra)), joined, hashes, tuple(specifiers))


def _note_specifiers(requirements: Iterable[str], specifiers: dict[str, list[str]]) -> None:
    """Collect what every installation must satisfy; conditional requirements and URLs say nothing about that."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # a path, or the installer's to complain about
        if requirement.marker is None and requirement.url is None:
            parts = specifiers.setdefault(normalize_project(requirement.name), [])
            parts.extend(filter(None, [str(requirement.specifier)]))


def requirement_lines(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The logical lines of every requirements file that the arguments name, each with its place."""
    for path in _requirement_files(arguments):
        yield from _lines(path, MAX_DEPTH)


def require_requirements(texts: Sequence[str]) -> None:
    """Raise InputError for a requirement that an installer would read as an option of its own."""
    for text in texts:
        if text.lstrip().startswith("-"):
            raise InputError(f"{text!a}: expected a requirement such as 'numpy>=2', found an option; give it after --")


def _requirement_files(arguments: Sequence[str]) -> Iterator[str]:
    for number, argument in enumerate(arguments):
        option, value = option_of(argument)
        if option in _REQUIREMENT_FILE:
            following = arguments[number + 1] if number + 1 < len(arguments) else ""
            path = value or following
            if path and "://" not in path and path != "-":
                yield path


def option_of(text: str) -> tuple[str, str]:
    """Split `--name=value`, `--name value`, `-rvalue`, `-r value` and `-qr value`; ("", "") for what is no option."""
    if text.startswith("--"):
        match = re.match(r"(--[a-z-]+)(?:[=\s]\s*(.*))?$", text)
        return (match[1], (match[2] or "").strip()) if match else ("", "")
    # Switches without a value may stand before another letter.
    short = re.match(r"-[qvUnhVI]*([A-Za-z])", text)
    return (f"-{short[1]}", text[short.end() :].lstrip("= ")) if short else ("", "")


def _lines(path: str, depth: int) -> Iterator[tuple[str, str]]:
    """The logical lines of a requirements file and of those it names; an unreadable file is the installer's affair."""
    try:
        with open(path, encoding="utf-8-sig") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError):
        return
    for number, raw in enumerate(re.sub(r"\\\n", " ", text).splitlines(), 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        option, value = option_of(line)
        if option in _REQUIREMENT_FILE and depth and value and "://" not in value:
            yield from _lines(os.path.join(os.path.dirname(path), value), depth - 1)
        elif line:
            yield f"{path}, line {number}", line


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    """`${NAME}` as pip and uv expand it in requirements files."""
    return re.sub(r"\$\{([A-Z0-9_]+)\}", lambda match: environ.get(match[1], match[0]), text)

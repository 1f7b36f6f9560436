"""Captures replayed: what a provider read on one machine, written out as a tree that it reads on another.

    write_tree(load_sources("capture.json"), directory)
    Machine(directory)                                   # or: python -m PROVIDER --root DIRECTORY

A capture comes from somebody else: nothing is written outside the directory, and no link leads out of it. Stands
alone, on Python 3.9 and later: `variantkit provider new` gives every project a copy, for its tests.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SCHEMA = "variantkit.capture/1"
MAX_BYTES = 8 << 20
MAX_SOURCES = 20_000
MAX_PLACES = 50_000
"""Files and directories of a tree: a short list of names, or a deep path, stands for many."""

MAX_PATH = 1024

_DEVICES = frozenset(
    {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "CONIN$",
        "CONOUT$",
        *(f"{port}{n}" for port in ("COM", "LPT") for n in "0123456789¹²³"),
    }
)
"""Windows has these in every directory."""


class CaptureError(ValueError):
    """A capture that cannot be replayed; the message says where and why."""


def load_capture(path: str | os.PathLike[str]) -> dict[str, object]:
    """The document of the capture in a file."""
    with open(path, "rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise CaptureError(f"{os.fspath(path)}: a capture of more than {MAX_BYTES >> 20} MiB is not read")
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CaptureError(f"{os.fspath(path)}: expected a capture in JSON: {error}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise CaptureError(f"{os.fspath(path)}: expected a capture, whose schema is {SCHEMA}")
    return document


def load_variables(path: str | os.PathLike[str]) -> dict[str, str]:
    """The environment variables that the provider saw when the capture in a file was made."""
    variables = load_capture(path).get("variables", {})
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise CaptureError(f"{os.fspath(path)}: variables: expected an object of texts")
    return variables


def load_sources(path: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """The (path, text) pairs of the capture in a file."""
    sources = load_capture(path).get("sources")
    where = f"{os.fspath(path)}: sources"
    if not isinstance(sources, list) or len(sources) > MAX_SOURCES:
        raise CaptureError(f"{where}: expected a list of at most {MAX_SOURCES}")
    return [_read_source(source, f"{where}[{number}]") for number, source in enumerate(sources)]


def _read_source(source: object, where: str) -> tuple[str, str]:
    path, text = (source.get("path"), source.get("text")) if isinstance(source, dict) else (None, None)
    if not isinstance(path, str) or not isinstance(text, str):
        raise CaptureError(f"{where}: expected an object with path and text")
    _require_safe(_plain(path), where)
    return path, text


def _plain(path: str) -> str:
    """The place itself, without the mark of a directory or link; the root's is empty."""
    return "nothing" if path in ("", "@") else path[:-1] if path.endswith(("/", "@")) else path


def _require_safe(path: str, where: str) -> None:
    """Raise CaptureError for a path that is not below the root on every operating system."""
    parts = path.split("/")[1:]
    if path[:1] not in ("", "/") or len(path) > MAX_PATH or not path.isprintable():
        raise CaptureError(f"{where}: expected an absolute path of at most {MAX_PATH} characters, found {path[:80]!r}")
    for part in parts:
        if part in ("", ".", "..") or "\\" in part or len(part) > 255 or (os.name == "nt" and _is_odd_on_windows(part)):
            raise CaptureError(f"{where}: expected plain names between the slashes, found {path[:80]!r}")


def _is_odd_on_windows(name: str) -> bool:
    """Whether Windows takes the name for a device, drive or stream, or cuts its end, so that `.. ` would climb.

    Linux has such names: a colon is in many of /sys.
    """
    return ":" in name or name[-1] in " ." or name.partition(".")[0].rstrip(" ").upper() in _DEVICES


def write_tree(sources: Iterable[tuple[str, str]], directory: str | os.PathLike[str]) -> None:
    """Write the sources below `directory`, which is made, and must be empty where it exists.

    `/a/b` becomes a file, `/a/` a directory with the names that the text lists, `/a@` a symbolic link to something of
    that name.
    """
    tree = _Tree(sources)
    top = os.path.realpath(directory)
    os.makedirs(top, exist_ok=True)
    if os.listdir(top):
        raise CaptureError(f"{os.fspath(directory)}: expected an empty directory")
    # In a directory of somebody else's, links could turn up between the directories that are made here.
    if hasattr(os, "geteuid") and os.stat(top).st_uid != os.geteuid():
        raise CaptureError(f"{os.fspath(directory)}: expected a directory of this user")
    for path in sorted(tree.directories):
        os.makedirs(tree.place(top, path), exist_ok=True)
    for path, text in sorted(tree.files.items()):
        place = tree.place(top, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "x", encoding="utf-8", errors="replace", newline="") as stream:
            stream.write(text)
    for path, target in tree.targets(top):
        parent = tree.place(top, path.rpartition("/")[0])
        os.makedirs(parent, exist_ok=True)
        os.symlink(os.path.relpath(target, parent), os.path.join(parent, path.rpartition("/")[2]))


class _Tree:
    """The sources by kind, each place of the machine once."""

    def __init__(self, sources: Iterable[tuple[str, str]]) -> None:
        self.files: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.directories: set[str] = set()
        for path, text in sources:
            plain = _plain(path)
            _require_safe(plain, path)
            if path.endswith("@"):
                _require_safe("/" + text, path)
                self.links[plain] = text
            elif path.endswith("/"):
                self.directories.add(plain)
                self._add_names(plain, text)
            elif len(text) >= len(self.files.get(plain, "")):  # read twice, or looked for and then read
                self.files[plain] = text
            self._require_few(path)
        self._numbers = {link: str(number) for number, link in enumerate(sorted(self.links))}
        self._find_directories()

    def _add_names(self, directory: str, text: str) -> None:
        names = text.splitlines()
        if len(names) > MAX_PLACES:
            raise CaptureError(f"{directory[:80]}: expected at most {MAX_PLACES} files and directories in all")
        for name in names:
            _require_safe(f"{directory}/{name}", directory)
            self.files.setdefault(f"{directory}/{name}", "")

    def _find_directories(self) -> None:
        """Whatever has something below it is a directory, and no file."""
        for path in [*self.files, *self.links, *self.directories]:
            above = path
            while (above := above.rpartition("/")[0]) and above not in self.directories:
                self.directories.add(above)
            self._require_few(path)
        for path in self.directories:
            if self.files.pop(path, ""):
                raise CaptureError(f"{path}: expected either a file or a directory, found both")

    def _require_few(self, path: str) -> None:
        if len(self.files) + len(self.links) + len(self.directories) > MAX_PLACES:
            raise CaptureError(f"{path[:80]}: expected at most {MAX_PLACES} files and directories in all")

    def place(self, top: str, path: str) -> str:
        """Where `path` goes: what is behind a link lies in `links/NUMBER/NAME` below the top."""
        place = top
        whole = ""
        for part in path.split("/")[1:]:
            whole += "/" + part
            place = self._target(top, whole) if whole in self.links else os.path.join(place, part)
        return place

    def _target(self, top: str, link: str) -> str:
        return os.path.join(top, "links", self._numbers[link], self.links[link])

    def targets(self, top: str) -> Iterator[tuple[str, str]]:
        """Each link, and the place that it leads to, where there need not be anything."""
        for path in sorted(self.links):
            yield path, self._target(top, path)

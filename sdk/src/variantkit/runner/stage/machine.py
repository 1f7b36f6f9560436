"""A fake machine: what becomes of each path, program and library that a provider asks for, and what is in it."""

from __future__ import annotations

import os
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

REAL, ABSENT, PRESENT, DENIED, HUNG, CRASH = "real", "absent", "present", "denied", "hung", "crash"
"""Fates of a thing that is asked for."""

NUMBERS = (
    "-1", "0", "1", "0x", "0xffffffffffffffffffff", "18446744073709551616", "nan", "1e309", "1.2.3.4.5.6.7", ".",
    "00", "\0", "", " 7\n8", "99999999999999999999999.1", "²", "0x10de", "12.8", "535.104.05", "90402",
)  # fmt: skip
_BLOCK = 1 << 12
_look = os.stat  # before it is replaced


class FakeMachine:
    """The description that conformance wrote; every attribute has the value of a machine that is not faked.

    `files` is real, absent, present, denied (there, unreadable), sealed (not even looked at), alone (`only` these) or
    given (`contents` these); `programs` real, absent, present, denied, hung, crash, alone or given; `libraries` the
    same and garbage, bare (no ctypes). `content` is what present files and outputs hold: empty, bytes, numbers,
    words, same (`text`), endless or given. `devices` may be hung; `fork` denied.
    """

    records: str = ""
    files: str = REAL
    programs: str = REAL
    libraries: str = REAL
    devices: str = ""
    fork: str = REAL
    content: str = "empty"
    text: str = ""
    seed: int = 0
    memory: int = 0
    twice: bool = False
    only: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    contents: Mapping[str, str] = {}
    outputs: Mapping[str, str] = {}
    variables: Mapping[str, str] = {}

    def __init__(self, told: Mapping[str, object]) -> None:
        self.__dict__.update(told)

    def fate_of_path(self, path: str, *, looked_at: bool) -> str:
        """What becomes of a path that is opened or listed, or merely `looked_at`."""
        if self.devices == HUNG and path.startswith("/dev/") and not looked_at:
            return HUNG
        if self.files == "sealed":
            return DENIED
        if self.files == DENIED:
            return PRESENT if looked_at else DENIED
        if self.files in ("alone", "given"):
            there = self.only if self.files == "alone" else self.contents
            if path in self.only and _is_here(path):
                return REAL
            return PRESENT if path in there or self.children(path) else ABSENT
        return self.files

    def fate_of_program(self, name: str) -> str:
        """What becomes of a program that is started, by path or by name."""
        if self.programs == "alone":
            return PRESENT if name in self.only else ABSENT
        if self.programs == "given":
            return PRESENT if name in self.outputs or os.path.basename(name) in self.outputs else ABSENT
        return self.programs

    def fate_of_library(self, name: str) -> str:
        """What becomes of a library that is loaded."""
        if self.libraries == "alone":
            return PRESENT if name in self.only else ABSENT
        return self.libraries

    def is_directory(self, path: str) -> bool:
        """Whether a path that is present is a directory: one that was listed before, or holds what is present."""
        return path in self.directories or bool(self.children(path))

    def children(self, path: str) -> list[str]:
        """The names below `path` that lead to what is present."""
        prefix = path.rstrip("/") + "/"
        there = (*self.only, *self.contents) if self.files in ("alone", "given") else self.directories
        return sorted({known[len(prefix) :].partition("/")[0] for known in there if known.startswith(prefix)})

    def listed(self, path: str) -> list[str]:
        """The names in a directory that is present."""
        known = self.children(path)
        if self.files == "given" or self.content == "empty":
            return known
        if self.content == "endless":
            stems = (*self.names, "node")
            return [f"{stems[number % len(stems)]}{number}" for number in range(100_000)]
        odd = ["-1", "0", "1", "a b", "%s", "\udcff\udcfe", "x" * 255] if self.content != "words" else ["0", "1"]
        return sorted({*known, *self.names, *odd})

    def text_of(self, subject: str) -> bytes | None:
        """What a file or a program's output holds; None stands for no end."""
        if self.content == "endless":
            return None
        if self.content == "same":
            return self.text.encode()
        if self.content == "given":
            return self.contents.get(subject, self.outputs.get(os.path.basename(subject), "")).encode()
        if self.content == "bytes":
            return self._noise(subject)
        if self.content == "numbers":
            return self._pick(NUMBERS, subject).encode() + b"\n"
        return "".join(self._phrases(subject)).encode() if self.content == "words" else b""

    def target_of(self, path: str) -> str:
        """What a symbolic link points to."""
        names = self.names or ("0",)
        return "../" + (self._pick(names, path) if self.content != "bytes" else "\udcff" * 9)

    def _number(self, subject: str) -> int:
        return zlib.crc32(subject.encode("utf-8", "surrogateescape"), self.seed)

    def _pick(self, choices: tuple[str, ...], subject: str) -> str:
        return choices[self._number(subject) % len(choices)]

    def _noise(self, subject: str) -> bytes:
        state, found = self._number(subject), bytearray()
        for _ in range(state % _BLOCK):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            found.append(state >> 16 & 0xFF)
        return bytes(found)

    def _phrases(self, subject: str) -> list[str]:
        """The provider's own words, each with a number, in the shapes that files of machines have."""
        joints = ("\t: ", "=", " ", ": ", " | ")
        return [word + self._pick(joints, subject) + self._pick(NUMBERS, subject + word) + "\n" for word in self.words]


def _is_here(path: str) -> bool:
    try:
        _look(path)
    except (OSError, ValueError):
        return False
    return True

"""Members of a provider wheel: which names and which contents it may have."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.trust.alphabet import ALNUM
from variantkit.trust.stdlib_names import OTHER_STDLIB_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

# No backslash, colon or wildcard: another separator, a drive or a stream on Windows. A line end stands behind a name.
_NAME_ALPHABET = (ALNUM + "_.+!@#$%&'(),;=[]{}~^ -/" + "\n").encode()
_NO_PATHS = ("//", "/\n", "./", ".\n", " /", " \n")
"""What makes a name no path to a file: an empty component, or one that ends in a dot or a blank, as `..` does."""

_CODE_SUFFIXES = (".pyc", ".pyo", ".pyd", ".pth", ".so", ".dll", ".dylib", ".exe", ".a", ".o", ".lib")
_NATIVE_MAGICS = (
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xbe\xba\xfe\xca",
    b"\xca\xfe\xba\xbf",
    b"\xbf\xba\xfe\xca",
    b"!<arch>\n",
    b"\x00asm",
)
"""First bytes of ELF, PE, Mach-O (thin and fat, either byte order), static libraries and WebAssembly."""

# What a module may not hold, because an editor, a terminal or a diff shows other lines, or another order, than Python
# reads: controls (a lone \r ends a comment for Python alone), line ends that are none for Python, directions.
_PLAIN = bytes(byte for byte in range(128) if byte in b"\t\n\r" or 32 <= byte < 127)
_MISLEADING = frozenset(map(chr, range(0xA0))) - frozenset(_PLAIN.decode()) | frozenset(
    map(chr, (0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)))
)
_CODING = rb"(?m)^[ \t]*#[^\n]*?coding[:=][ \t]*([-\w.]+)"  # Python's own rule (PEP 263), for its first two lines
_UTF8 = frozenset({b"utf-8", b"utf8", b"ascii", b"us-ascii"})

_INFO_FILES = ("METADATA", "RECORD", "WHEEL")

STDLIB_NAMES = frozenset(name.casefold() for name in sys.stdlib_module_names | OTHER_STDLIB_NAMES)
"""The standard library's top-level modules in any supported Python, casefolded."""


def check_names(names: list[str]) -> None:
    """Raise InputError for the first name, or pair of names, that a canonical wheel cannot have."""
    folded = _require_plain(names)
    files = set(folded)
    if len(files) < len(names):
        raise InputError(f"{_twice(folded)!a}: the name is there twice, case aside")
    spelled = _folders(names)
    folders = {folder.casefold() for folder in spelled}
    if len(folders) < len(spelled):
        raise InputError(f"{_twice(map(str.casefold, spelled))!a}: one folder in two spellings, case aside")
    for folder in folders:
        if folder in files or f"{folder}.py" in files:
            raise InputError(f"{folder!a}: a file of that name is there too, and readers differ on which one counts")
    _check_top_level({name.partition("/")[0] for name in names}, folders)
    _check_info(names, [folder for folder in spelled if folder.casefold().endswith(".dist-info")])


def _require_plain(names: list[str]) -> list[str]:
    """Return the names casefolded. They are judged in one text; one by one only to tell which it is that is refused."""
    if not _are_paths(names):
        wrong = next(name for name in names if not _are_paths([name]))
        raise InputError(f"{wrong!a}: not a plain relative path of ASCII characters to a file")
    folded = [name.casefold() for name in names]
    for name in folded:
        if name.endswith(_CODE_SUFFIXES) or ".so." in name or "__pycache__" in name:
            raise InputError(f"{name!a}: compiled or native code, or a .pth file; a provider wheel has source alone")
    return folded


def _are_paths(names: list[str]) -> bool:
    text = "/" + "\n/".join(names) + "\n"
    if not text.isascii() or text.encode().translate(None, _NAME_ALPHABET) or text.count("\n") != len(names):
        return False
    return max(map(len, names)) <= 1000 and not any(part in text for part in _NO_PATHS)


def _twice(texts: Iterable[str]) -> str:
    listed = list(texts)
    return next(text for text in listed if listed.count(text) > 1)


def _folders(names: Iterable[str]) -> set[str]:
    """Every folder that a name lies in, as it is spelled there."""
    folders = parents = {name.rpartition("/")[0] for name in names}
    while parents := {folder.rpartition("/")[0] for folder in parents} - folders:
        folders |= parents
    return folders - {""}


def _check_top_level(tops: set[str], folders: set[str]) -> None:
    for top in tops:
        folded = top.casefold()
        module = folded.removesuffix(".py") if folded not in folders else folded
        if module in STDLIB_NAMES and (folded in folders or folded.endswith(".py")):
            raise InputError(f"{top!a}: a module of that name would shadow the standard library's")
        if folded in folders and folded.endswith((".data", ".egg-info")):
            raise InputError(f"{top!a}: a provider is never installed, so it has no such folder")


def _check_info(names: list[str], folders: list[str]) -> None:
    infos = [folder for folder in folders if "/" not in folder]
    if len(infos) != 1:
        raise InputError(f"{len(infos)} .dist-info folders; a wheel has one")
    missing = [name for name in _INFO_FILES if f"{infos[0]}/{name}" not in names]
    if missing:
        raise InputError(f"{infos[0]!a} lacks {', '.join(missing)}")


def check_content(name: str, content: bytes) -> None:
    """Raise InputError when a member is native code, whatever its name says, or source that reads as another."""
    if content.startswith(_NATIVE_MAGICS):
        raise InputError(f"{name!a}: native code; a provider wheel has source alone")
    if name.casefold().endswith(".py"):
        _check_source(name, content)


def _check_source(name: str, content: bytes) -> None:
    """Raise InputError for a module in which a reviewer sees other code than Python runs."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    odd = content.translate(None, _PLAIN)
    if odd:
        try:
            content.decode()
            misleading = not _MISLEADING.isdisjoint(odd.decode())  # UTF-8 without its ASCII bytes is UTF-8 still
        except UnicodeDecodeError:
            raise InputError(f"{name!a}: not UTF-8; a module of a provider is in no other encoding") from None
        if misleading:
            raise InputError(f"{name!a}: a control or direction character; Python would read other code than is shown")
    # In UTF-7, or with Unicode escapes, a comment can hold the end of its line, and code behind it.
    end = content.find(b"\n", content.find(b"\n") + 1)
    first = content[:end] if end >= 0 else content
    if b"coding" in first and any(coding.lower() not in _UTF8 for coding in re.findall(_CODING, first)):
        raise InputError(f"{name!a}: a coding line that is not UTF-8's; Python would read other code than is shown")
    if b"\r" in content and content.count(b"\r") != content.count(b"\r\n"):
        raise InputError(f"{name!a}: a lone carriage return; Python would read other code than is shown")


def has_module(names: tuple[str, ...], module: str) -> bool:
    """Whether the wheel with these members has the module `module`, a dotted import path."""
    path = module.replace(".", "/")
    return f"{path}.py" in names or f"{path}/__init__.py" in names

"""Members of a provider wheel: which names and which contents it may have."""

from __future__ import annotations

import sys

from variantkit.errors import InputError
from variantkit.trust.alphabet import ALNUM, consists_of
from variantkit.trust.stdlib_names import OTHER_STDLIB_NAMES

# No backslash, colon or wildcard: another separator, a drive or a stream on Windows.
_NAME_ALPHABET = ALNUM + "_.+!@#$%&'(),;=[]{}~^ -/"
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

_INFO_FILES = frozenset({"METADATA", "WHEEL", "RECORD"})

STDLIB_NAMES = frozenset(name.casefold() for name in sys.stdlib_module_names | OTHER_STDLIB_NAMES)
"""The standard library's top-level modules in any supported Python, casefolded."""


def check_names(names: list[str]) -> None:
    """Raise InputError for the first name, or pair of names, that a canonical wheel cannot have."""
    spelled: dict[str, str] = {}  # casefolded path of a file or folder -> its one spelling
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        _check_name(name)
        folded = name.casefold()
        if folded in files:
            raise InputError(f"{name!a}: the name is there twice, case aside")
        files.add(folded)
        for folder in _folders(name):
            folders.add(folder.casefold())
            if spelled.setdefault(folder.casefold(), folder) != folder:
                raise InputError(f"{name!a}: one folder in two spellings, case aside")
    for name in files:
        if name in folders or (name.endswith(".py") and name[:-3] in folders):
            raise InputError(f"{name!a}: a folder of that name is there too, and readers differ on which one counts")
    _check_top_level({name.partition("/")[0] for name in names}, folders)
    _check_info(names, folders)


def _check_name(name: str) -> None:
    parts = name.split("/")
    if not consists_of(name, _NAME_ALPHABET, 1000) or any(not part.strip(". ") or part[-1] in ". " for part in parts):
        raise InputError(f"{name!a}: not a plain relative path of ASCII characters to a file")
    last = parts[-1].casefold()
    if last.endswith(_CODE_SUFFIXES) or ".so." in last or "__pycache__" in name.casefold():
        raise InputError(f"{name!a}: compiled or native code, or a .pth file; a provider wheel has source alone")


def _folders(name: str) -> list[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _check_top_level(tops: set[str], folders: set[str]) -> None:
    for top in tops:
        folded = top.casefold()
        module = folded.removesuffix(".py") if folded not in folders else folded
        if module in STDLIB_NAMES and (folded in folders or folded.endswith(".py")):
            raise InputError(f"{top!a}: a module of that name would shadow the standard library's")
        if folded in folders and folded.endswith((".data", ".egg-info")):
            raise InputError(f"{top!a}: a provider is never installed, so it has no such folder")


def _check_info(names: list[str], folders: set[str]) -> None:
    infos = [folder for folder in folders if folder.endswith(".dist-info") and "/" not in folder]
    if len(infos) != 1:
        raise InputError(f"{len(infos)} .dist-info folders; a wheel has one")
    prefix = f"{infos[0]}/"
    missing = _INFO_FILES - {name[len(prefix) :] for name in names if name.casefold().startswith(prefix)}
    if missing:
        raise InputError(f"{infos[0]!a} lacks {', '.join(sorted(missing))}")


def check_content(name: str, content: bytes) -> None:
    """Raise InputError when a member is native code, whatever its name says."""
    if content.startswith(_NATIVE_MAGICS):
        raise InputError(f"{name!a}: native code; a provider wheel has source alone")


def has_module(names: tuple[str, ...], module: str) -> bool:
    """Whether the wheel with these members has the module `module`, a dotted import path."""
    path = module.replace(".", "/")
    return f"{path}.py" in names or f"{path}/__init__.py" in names

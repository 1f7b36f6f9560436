"""Needs of a provider beyond plain computing, and the floor that no approved list can lift."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from variantkit.trust.alphabet import ALNUM, DIGITS, consists_of


class Needs(NamedTuple):
    """What an entry grants: files or globs to read, device nodes, sonames, absolute programs, child processes."""

    read: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    fork: bool = False


FLOOR = (
    "/home",
    "/root",
    "/Users",
    "/var/root",
    "/run",
    "/var/run",
    "/private/var/run",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/sudoers",
    "/etc/krb5.keytab",
    "/etc/NetworkManager",
    "/tmp",  # noqa: S108 - named in order to refuse it
    "/var/tmp",  # noqa: S108 - as above
    "/sys/kernel/debug",
    "/sys/kernel/tracing",
    "/sys/firmware/efi/efivars",
    "/dev/mem",
    "/dev/kmem",
    "/dev/port",
    "/dev/kmsg",
    "/dev/fd",
    "/dev/shm",  # noqa: S108 - as above
    "/dev/disk",
    "/dev/block",
    "/dev/mapper",
    "/dev/input",
    "/proc/kcore",
    "/proc/kmsg",
)
"""Never granted: these, what lies below them, and every path or glob that contains them."""

_DISKS = (
    "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "dm-", "loop", "nbd", "zd", "zram", "ram", "bsg",
    *(name + digit for name in ("md", "sg", "sr", "st") for digit in DIGITS),
)  # fmt: skip
"""How the nodes of disks, and of the raw commands to them, begin right below /dev."""

_NO_PROGRAMS = frozenset({"dev", "proc", "sys"})
"""Top-level directories that hold no programs, besides the floor, in most of which others can write."""

_OWN_PROCESS_FILES = frozenset({"auxv", "cgroup", "mountinfo", "status"})
"""What may be read of /proc/self; root, cwd and fd lead anywhere, environ is a secret."""

_INTERPRETERS = frozenset({
    "python", "pypy", "perl", "ruby", "lua", "luajit", "node", "nodejs", "php", "tclsh", "wish", "guile", "java",
    "mono", "dotnet", "expect", "gdb", "lldb", "bash", "dash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "ash",
    "sh", "rbash", "busybox", "toybox", "pwsh", "powershell", "cmd", "osascript", "awk", "gawk", "mawk", "nawk",
    "sed", "ed", "vi", "vim", "env", "xargs", "find", "nice", "timeout", "stdbuf", "setsid", "nohup", "sudo", "su",
    "doas", "pkexec", "ssh", "nsenter", "unshare", "chroot", "capsh", "docker", "podman", "systemd-run", "strace",
    "ltrace", "ld.so",
})  # fmt: skip
"""Shells, interpreters and programs that run others; none ends in what `_is_interpreter` takes for a version."""

_PATH_ALPHABET = "/" + ALNUM + "_.+,:@=*?[]-"

_Tree = dict[str, "_Tree"]
_END = ""
"""Marks the end of a path in a tree; no component is empty."""


def check_need(kind: str, text: str) -> str | None:
    """Say why no entry can have this need; None when it is grantable.

    `kind` is `read`, `devices`, `libraries` or `programs`.
    """
    if kind == "libraries":
        allowed = (
            consists_of(text, ALNUM + "_.+-", 128)
            and text[0] not in ".+-"
            and not text.casefold().startswith("libpython")
        )
        return None if allowed else "expected a soname such as libnvidia-ml.so.1, not a path and no interpreter"
    if not _is_path(text):
        return "expected an absolute path, without '.', '..' or '**'"
    parts, folded = text.split("/")[1:], text.casefold().split("/")[1:]
    if len(parts) < 2:
        return "a whole top-level directory is never granted"
    if kind == "programs":
        return _check_program(text, folded)
    shared = parts[0] != "proc" or _is_shared_proc(parts)
    if not shared or _meets(folded, _floor_tree()) or _may_be_a_disk(folded):
        return "never granted: the root, homes, /run, other processes, raw memory and disks"
    if kind == "devices" and parts[0] != "dev":
        return "expected a device node under /dev"
    return None


def _check_program(text: str, folded: list[str]) -> str | None:
    if _is_wild(text):
        return "expected the path of one program, not a glob"
    if _is_interpreter(folded[-1]):
        return "never granted: shells, interpreters and programs that run others"
    if folded[0] in _NO_PROGRAMS or _meets(folded, _floor_tree()):
        return "never granted: a program in a place that others can write"
    return None


def _is_interpreter(name: str) -> bool:
    """Whether this is one of those, with a version behind it (`python3.12`, `pythonw.exe`), or a program loader."""
    return name.startswith("ld-") or name.removesuffix(".exe").rstrip("w0123456789.-") in _INTERPRETERS


def _may_be_a_disk(folded: list[str]) -> bool:
    top, name = folded[:2]
    if not _may_match(top, "dev"):
        return False
    head = _literal_head(name)
    return name.startswith(_DISKS) or (head != name and any(disk.startswith(head) for disk in _DISKS))


def _is_shared_proc(parts: list[str]) -> bool:
    """Whether a path under /proc belongs to no process: a literal second component, no number."""
    second = parts[1]
    if second == "self":
        return len(parts) == 3 and parts[2] in _OWN_PROCESS_FILES
    return second[0].isalpha() and not _is_wild(second) and second != "thread-self"


def _meets(pattern: list[str], tree: _Tree) -> bool:
    """Whether a pattern can match one of the tree's paths, something below it, or a directory that contains it."""
    if not pattern or _END in tree:
        return True
    first, rest = pattern[0], pattern[1:]
    if _is_wild(first):
        return any(_meets(rest, below) for name, below in tree.items() if _may_match(first, name))
    return first in tree and _meets(rest, tree[first])


@cache
def _floor_tree() -> _Tree:
    """The floor by its paths' components; most needs leave it at the first or the second."""
    tree: _Tree = {}
    for path in FLOOR:
        node = tree
        for part in path.casefold().split("/")[1:]:
            node = node.setdefault(part, {})
        node[_END] = {}
    return tree


def _may_match(pattern: str, literal: str) -> bool:
    if not _is_wild(pattern):
        return pattern == literal
    if not literal.startswith(_literal_head(pattern)):
        return False
    # From a bracket on anything matches, and case does not count: refused once too often, never too seldom.
    coarse = re.escape(re.sub(r"\[.*", "*", pattern)).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(coarse, literal) is not None


def _is_wild(text: str) -> bool:
    return "*" in text or "?" in text or "[" in text


def _literal_head(pattern: str) -> str:
    """What stands before the first wildcard."""
    return pattern.partition("*")[0].partition("?")[0].partition("[")[0]


def _is_path(text: str) -> bool:
    """Whether this is an absolute path or glob in a plain spelling."""
    if not consists_of(text, _PATH_ALPHABET, 500) or text[0] != "/":
        return False
    closed = f"{text}/"
    return not ("//" in closed or "/./" in closed or "/../" in closed or "**" in text)


def is_watched_path(text: str) -> bool:
    """Whether `presence` or `fingerprint` may name this path or glob: under /dev, /sys or /proc, no process's own."""
    parts = text.split("/")[1:]
    if not _is_path(text) or len(parts) < 2:
        return False
    return parts[0] in ("dev", "sys") or (parts[0] == "proc" and _is_shared_proc(parts))

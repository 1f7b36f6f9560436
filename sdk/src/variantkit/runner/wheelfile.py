"""The verified bytes as something that a child can import and nobody can change."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from variantkit.runner.launch import above_targets

_MFD_NOEXEC_SEAL = 0x8  # Linux 6.3; hosts with vm.memfd_noexec = 2 accept no memfd without it.


class WheelFile(NamedTuple):
    """Either `number`, a sealed memfd of this process, or `path`, a private copy in the folder `directory`."""

    number: int = -1
    path: str = ""
    directory: str = ""


def open_wheel(data: bytes, *, inherited: bool) -> WheelFile:
    """Hold `data` for a child: sealed in memory on Linux where the child inherits descriptors, else as a copy."""
    if inherited and sys.platform == "linux" and os.path.isdir("/proc/self/fd"):
        try:
            return WheelFile(number=_sealed(data))
        except OSError:
            pass  # Old or restricted kernels: the copy serves as well, with the file system's rights as its seal.
    return _copied(data)


def close_wheel(wheel: WheelFile) -> None:
    """Let go of the memory or remove the copy."""
    if wheel.number >= 0:
        os.close(wheel.number)
    if wheel.directory:
        import shutil

        shutil.rmtree(wheel.directory, ignore_errors=True)


def _memory_file() -> int:
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return above_targets(os.memfd_create("provider.whl", flags | _MFD_NOEXEC_SEAL))
    except OSError:
        return above_targets(os.memfd_create("provider.whl", flags))


def _sealed(data: bytes) -> int:
    import fcntl

    number = _memory_file()
    try:
        _write(number, data)
        seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
        fcntl.fcntl(number, fcntl.F_ADD_SEALS, seals)
    except OSError:
        os.close(number)
        raise
    return number


def _copied(data: bytes) -> WheelFile:
    import tempfile

    directory = tempfile.mkdtemp(prefix="variantkit-")
    path = os.path.join(directory, "provider.whl")
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o400)
        try:
            _write(number, data)
        finally:
            os.close(number)
    except OSError:
        close_wheel(WheelFile(directory=directory))
        raise
    return WheelFile(path=path, directory=directory)


def _write(number: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(number, rest) :]

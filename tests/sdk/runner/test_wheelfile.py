from __future__ import annotations

import os
import stat
import sys

import pytest

from variantkit.runner.wheelfile import close_wheel, open_wheel


@pytest.mark.skipif(sys.platform != "linux", reason="memfd is Linux's")
def test_t11_on_linux_the_bytes_are_sealed_in_memory() -> None:
    wheel = open_wheel(b"verified", inherited=True)
    try:
        with open(f"/proc/self/fd/{wheel.number}", "rb") as file:
            assert file.read() == b"verified"
        assert not os.get_inheritable(wheel.number)
        with pytest.raises(PermissionError):
            os.write(wheel.number, b"x")
        with pytest.raises(PermissionError):
            os.ftruncate(wheel.number, 0)
        with open(f"/proc/self/fd/{wheel.number}", "r+b", buffering=0) as again, pytest.raises(PermissionError):
            again.write(b"x")
    finally:
        close_wheel(wheel)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(wheel.number)


def test_t11_elsewhere_they_are_a_private_copy_that_goes() -> None:
    wheel = open_wheel(b"verified", inherited=False)
    with open(wheel.path, "rb") as file:
        assert file.read() == b"verified"
    assert stat.S_IMODE(os.stat(wheel.directory).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(wheel.path).st_mode) == 0o400
    close_wheel(wheel)
    assert not os.path.exists(wheel.directory)


def test_a_kernel_that_refuses_memory_files_gets_the_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "memfd_create", refuse, raising=False)
    wheel = open_wheel(b"verified", inherited=True)
    assert os.path.isfile(wheel.path)
    close_wheel(wheel)

"""qemu's user emulation: this interpreter under another processor, by whose CPUID it runs, not its /proc/cpuinfo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

VARIABLE = "VARIANTKIT_QEMU_X86_64"
QEMU_X86_64 = os.environ.get(VARIABLE) or shutil.which("qemu-x86_64-static") or shutil.which("qemu-x86_64")
ON_X86_64_LINUX = sys.platform == "linux" and os.uname().machine == "x86_64" and sys.maxsize > 1 << 32


def run_under(model: str, code: str) -> str:
    """What `code` prints under `-cpu MODEL`; the running test is skipped where there is no such emulation."""
    if not QEMU_X86_64:
        pytest.skip(f"no qemu-x86_64: install qemu-user-static, or let {VARIABLE} name the program")
    if not ON_X86_64_LINUX:
        pytest.skip("the interpreter to emulate must be a 64-bit x86 Linux one")
    command = [QEMU_X86_64, "-cpu", model, os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", code]
    # What a model names and the emulator lacks is a warning each.
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, timeout=120
    )
    return done.stdout

"""macOS and Windows: their functions through real ctypes on Linux, from stubs with the same signatures."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING

import pytest

from support.qemu import ON_X86_64_LINUX
from support.stub_drivers import compile_library, needs_compiler, run_python
from support.x86_64 import CAPTURES, answer_of, capture, evidence_of, extensions_of, read_capture
from x86_64_variant_provider import _elsewhere, _macos, _probe
from x86_64_variant_provider._parse import parse_facts
from x86_64_variant_provider._rules import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Windows as far as this provider knows it, on Linux's mmap. `call_*` call code as Windows code would, so that bytes
# for the wrong calling convention read wrong registers.
KERNEL32 = """
#include <sys/mman.h>
#include <stdint.h>
static int refused, freed;
void refuse(int error) { refused = error; }
int was_freed(void) { return freed; }
void *VirtualAlloc(void *at, size_t size, uint32_t kind, uint32_t protection) {
    if (kind != 0x3000 || protection != 4 || refused == 1) return 0;
    void *page = mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? 0 : page;
}
int VirtualProtect(void *page, size_t size, uint32_t protection, uint32_t *old) {
    if (protection != 0x20 || !old || refused) return 0;
    *old = 4;
    return mprotect(page, size, PROT_READ | PROT_EXEC) == 0;
}
int VirtualFree(void *page, size_t size, uint32_t kind) {
    freed++;
    return size == 0 && kind == 0x8000 && munmap(page, 4096) == 0;
}
int FlushInstructionCache(void *process, void *page, size_t size) { return process == (void *)-1 && page && size; }
void call_cpuid(void *code, uint32_t leaf, uint32_t subleaf, void *out) {
    ((void (__attribute__((ms_abi)) *)(uint32_t, uint32_t, void *))code)(leaf, subleaf, out);
}
uint64_t call_xgetbv(void *code) { return ((uint64_t (__attribute__((ms_abi)) *)(void))code)(); }
"""
SYSCTL = """
#include <string.h>
int sysctlbyname(const char *name, void *old, size_t *size, void *new, size_t new_size) {
    static const unsigned state[4] = {15, 832, 256, 0}, one = 1;
    const void *value = 0; size_t length = 0;
    if (new || new_size) return -1;
    if (!strcmp(name, "machdep.cpu.features")) { value = "SSE SSE2 OSXSAVE XSAVE"; length = strlen(value) + 1; }
    if (!strcmp(name, "hw.optional.avx512f")) { value = &one; length = 4; }
    if (!strcmp(name, "machdep.cpu.xsave.extended_state1")) { value = state; length = 16; }
    if (!value || *size < length) return -1;
    memcpy(old, value, length); *size = length;
    return 0;
}
"""


# In a process of its own, since code for the wrong convention ends one. Leaf 1's ebx says which core it ran on.
WINDOWS = """
import ctypes, sys
from x86_64_variant_provider import _native, _probe, _windows
library = ctypes.CDLL(sys.argv[1])
_windows.declare(library)
library.call_cpuid.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)
library.call_cpuid.restype = None
library.call_xgetbv.argtypes = (ctypes.c_void_p,)
library.call_xgetbv.restype = ctypes.c_uint64
library.refuse(int(sys.argv[2]))
def prototype(result, *arguments):
    call = library.call_cpuid if arguments else library.call_xgetbv
    return lambda address: lambda *given: call(address, *given)
def without_core(text):
    return [line.split()[:2] + line.split()[3:] if line.startswith("1.0 ") else line for line in text.splitlines()]
try:
    there = _windows.with_cpuid(_probe.probe_cpuid, library, prototype)
    here = _native.with_cpuid(_probe.probe_cpuid)
    print("same" if without_core(there) == without_core(here) else there, end=" ")
except OSError as error:
    print(error.strerror, end=" ")
print("freed", library.was_freed())
"""


@needs_compiler
@pytest.mark.skipif(not ON_X86_64_LINUX, reason="needs a 64-bit x86 Linux")
@pytest.mark.parametrize(
    ("error", "said"),
    [(0, "same freed 1"), (1, "no memory mapping freed 0"), (1655, "executable memory is refused freed 1")],
    ids=["as-here", "no-memory", "code-blocked"],
)
def test_windows_code_reads_the_same_registers_and_leaves_nothing(tmp_path: Path, error: int, said: str) -> None:
    library = compile_library(tmp_path, "libkernel32.so", KERNEL32)
    assert run_python(WINDOWS, str(library), str(error)) == said + "\n"


@needs_compiler
def test_sysctls_are_read_as_the_program_prints_them(tmp_path: Path) -> None:
    library = ctypes.CDLL(str(compile_library(tmp_path, "libsysctl.so", SYSCTL)))
    text = _macos.probe_sysctl(lambda name: _macos.call_sysctl(name, library))
    assert text.splitlines() == [
        "machdep.cpu.features: SSE SSE2 OSXSAVE XSAVE",
        "hw.optional.avx512f: 1",
        "machdep.cpu.xsave.extended_state1: 15 832 256 0",
    ]
    assert extensions_of(parse_facts(evidence_of("sysctl", text), {})) == {"sse", "sse2", "xsave", "xsavec", "xsaveopt"}


def lines_of(path: str) -> Iterator[tuple[str, str]]:
    with open(path, encoding="utf-8") as stream:
        for line in stream.read().splitlines():
            name, _, value = line.partition(": ")
            yield name, value


@pytest.mark.parametrize("path", [path for path in CAPTURES if path.endswith(".sysctl")], ids=os.path.basename)
def test_an_injected_sysctl_gives_the_capture_back(path: str) -> None:
    said = dict(lines_of(path))

    def sysctl(name: str) -> bytes:
        if name not in said:
            return b""
        if name in _macos.TEXTS:
            return said[name].encode() + b"\0"
        return b"".join(int(word).to_bytes(4, "little") for word in said[name].split())

    assert dict(line.split(": ", 1) for line in _macos.probe_sysctl(sysctl).splitlines()) == said


def test_a_mac_is_read_by_its_sysctls_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way in, with macOS's own calls replaced."""
    said = dict(lines_of(capture("v4-ice-lake-macbook.sysctl")))
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(_elsewhere, "interpreter_machine", lambda: "x86_64")
    monkeypatch.setattr(_elsewhere, "ask_sysctl", lambda: "\n".join(f"{name}: {value}" for name, value in said.items()))
    monkeypatch.setattr(_elsewhere, "ask_cpuid", lambda: "0.0 1 0 0 0\n1.0 0 0 0 0")
    machine = _probe.ThisMachine()
    facts = parse_facts(_probe.probe_machine(machine), {})
    assert answer_of(facts) == answer_of(read_capture(capture("v4-ice-lake-macbook.sysctl")))
    assert diagnose(facts) == []
    assert [path for path, _ in machine.sources] == ["/reports/interpreter", "/reports/sysctl", "/reports/cpuid"]


def test_a_translated_interpreter_is_what_cpuid_says() -> None:
    evidence = evidence_of("sysctl", open_text(capture("v2_assumed-rosetta-sysctl-alone.sysctl")))
    evidence.cpuid = open_text(capture("v2-rosetta.cpuid"))
    facts = parse_facts(evidence, {})
    assert answer_of(facts) == answer_of(read_capture(capture("v2-rosetta.cpuid")))
    assert diagnose(facts) == []


def open_text(path: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return stream.read()

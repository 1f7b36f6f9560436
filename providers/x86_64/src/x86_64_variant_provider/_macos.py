"""macOS: the processor as the system's sysctls describe it, asked in this process."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Sysctl = Callable[[str], bytes]

TEXTS = ("machdep.cpu.vendor", "machdep.cpu.features", "machdep.cpu.leaf7_features", "machdep.cpu.extfeatures")
NUMBERS = ("sysctl.proc_translated", "hw.optional.avx512f", "machdep.cpu.xsave.extended_state1")
_LIMIT = 4096

# macOS's names in machdep.cpu.{features,leaf7_features,extfeatures}, in lower case, and Linux's. Others are the same.
# XNU: osfmk/i386/cpuid.c, checked 2026-11. RDWRFSGS is left out: it is the processor's bit, and macOS does not set the
# control bit without which the instructions fault.
NAMES = {
    **{"avx1.0": "avx", "sse3": "pni", "sse4.1": "sse4_1", "sse4.2": "sse4_2", "lahf": "lahf_lm", "lzcnt": "abm"},
    **{"sha": "sha_ni", "clfsopt": "clflushopt", "tsc_thread_offset": "tsc_adjust", "l1df": "flush_l1d"},
    **{"avx512vnni": "avx512_vnni", "avx512bitalg": "avx512_bitalg", "avx512vpopcntdq": "avx512_vpopcntdq"},
    **{"movdiri64b": "movdir64b"},
}


def call_sysctl(name: str, library: "Any" = None) -> bytes:
    """The value of one name, as the bytes that it is; nothing where there is none of that name."""
    import ctypes

    size, data = ctypes.c_size_t(_LIMIT), ctypes.create_string_buffer(_LIMIT)
    call = (ctypes.CDLL(None) if library is None else library).sysctlbyname
    call.argtypes = (ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    return data.raw[: size.value] if call(name.encode("ascii"), data, ctypes.byref(size), None, 0) == 0 else b""


def probe_sysctl(sysctl: "Sysctl") -> str:
    """The lines that the program `sysctl` prints for those names that this system has."""
    lines = []
    for name in (*TEXTS, *NUMBERS):
        data = sysctl(name)
        if data and name in TEXTS:
            lines.append(f"{name}: {data.rstrip(bytes(1)).decode('ascii', 'replace')}")
        elif data:
            words = [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]
            lines.append(f"{name}: {' '.join(map(str, words))}")
    return "\n".join(lines)


def parse_sysctl(text: str) -> "tuple[str, frozenset[str] | None]":
    """The vendor, and the flags in Linux's names; None where nothing is said that can be believed.

    That is so for a translated interpreter (Rosetta): what the sysctls say is not said of the processor that it sees.
    Whether AVX-512 is enabled shows in `hw.optional` alone: macOS sets XCR0's bits at a thread's first use.
    """
    said = {name: value.strip() for name, _, value in (line.partition(": ") for line in text.split("\n"))}
    names = " ".join([said.get(name, "") for name in TEXTS[1:]]).lower().split()
    flags = {NAMES.get(name, name) for name in names}
    if "osxsave" not in flags:
        flags.discard("xsave")
    state = said.get("machdep.cpu.xsave.extended_state1", "").partition(" ")[0]
    if state.isdecimal():  # eax of CPUID leaf 0xD.1, which the names leave out
        flags |= {name for bit, name in enumerate(("xsaveopt", "xsavec")) if int(state) >> bit & 1}
    if said.get("hw.optional.avx512f", "0") == "0":
        flags = {name for name in flags if not name.startswith("avx512")}
    believed = "sse2" in flags and said.get("sysctl.proc_translated", "0") != "1"
    return said.get("machdep.cpu.vendor", ""), frozenset(flags) if believed else None

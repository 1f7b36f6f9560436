"""The table's bits, entered a second time: by register, as the manuals and compilers' headers list them."""

from __future__ import annotations

from pathlib import Path

from support.x86_64 import FEATURES
from x86_64_variant_provider._parse import ROWS

# Read off the processor manuals' CPUID pages and GCC's <cpuid.h>, 2026-11, not off the table. One wrong digit in
# either is a difference; most bits show on no one machine, so no machine's answer would tell.
REGISTERS = {
    "1.0.ecx": "0 sse3, 1 pclmulqdq, 9 ssse3, 12 fma, 13 cx16, 19 sse4_1, 20 sse4_2, 22 movbe, 23 popcnt, 25 aes, "
    "26 xsave, 28 avx, 29 f16c, 30 rdrand",
    "1.0.edx": "23 mmx, 25 sse, 26 sse2",
    "7.0.ebx": "0 fsgsbase, 1 tsc_adjust, 3 bmi1, 5 avx2, 8 bmi2, 16 avx512f, 17 avx512dq, 18 rdseed, 19 adx, "
    "21 avx512ifma, 23 clflushopt, 24 clwb, 26 avx512pf, 27 avx512er, 28 avx512cd, 29 sha_ni, 30 avx512bw, 31 avx512vl",
    "7.0.ecx": "1 avx512vbmi, 3 pku, 5 waitpkg, 6 avx512_vbmi2, 8 gfni, 9 vaes, 10 vpclmulqdq, 11 avx512_vnni, "
    "12 avx512_bitalg, 14 avx512_vpopcntdq, 22 rdpid, 25 cldemote, 27 movdiri, 28 movdir64b",
    "7.0.edx": "8 avx512_vp2intersect, 14 serialize, 22 amx_bf16, 23 avx512_fp16, 24 amx_tile, 25 amx_int8, "
    "28 flush_l1d",
    "7.1.eax": "0 sha512, 1 sm3, 2 sm4, 4 avx_vnni, 5 avx512_bf16, 7 cmpccxadd, 21 amx_fp16, 23 avx_ifma, 31 movrs",
    "7.1.edx": "4 avx_vnni_int8, 5 avx_ne_convert, 8 amx_complex, 10 avx_vnni_int16, 21 apx",
    "d.1.eax": "0 xsaveopt, 1 xsavec",
    "1e.1.eax": "4 amx_fp8, 7 amx_avx512, 8 amx_movrs",
    "24.0.ebx": "1 avx10_1, 2 avx10_2",  # versions
    "80000001.0.ecx": "0 lahf_lm, 5 abm, 6 sse4a, 11 xop, 16 fma4, 21 tbm",
    "80000001.0.edx": "30 3dnowext, 31 3dnow",
    "80000008.0.ebx": "0 clzero, 27 cppc",
}


def test_every_bit_is_where_the_manuals_have_it() -> None:
    manuals = {
        f"{register}.{bit}": name
        for register, bits in REGISTERS.items()
        for bit, name in (entry.split() for entry in bits.split(", "))
    }
    table = {f"{row.leaf}.e{'abcd'[row.register]}x.{row.bit}": row.name for row in ROWS.values() if row.register >= 0}
    assert table == manuals


def test_state_follows_from_the_name() -> None:
    """Vectors need AVX's, tiles AMX's state; only what VEX encodes without saying so in its name is listed."""
    silent = {"f16c", "fma", "fma4", "xop", "vaes", "vpclmulqdq", "sha512", "sm3", "sm4"}
    for row in ROWS.values():
        assert bool(row.xcr0 & 0x6) == (row.name.startswith("avx") or row.name in {*silent, "amx_avx512"}), row.name
        assert bool(row.xcr0 & 0xE0) == (row.name.startswith(("avx512", "avx10")) or row.name == "amx_avx512"), row.name
        assert bool(row.xcr0 & 0x60000) == row.name.startswith("amx"), row.name
        assert bool(row.xcr0 & 0x80000) == (row.name == "apx"), row.name


def test_the_readme_counts_the_extensions() -> None:
    readme = Path(__file__).parents[3] / "providers" / "x86_64" / "README.md"
    assert f"| {len(FEATURES)} extensions, such as" in readme.read_text(encoding="utf-8")

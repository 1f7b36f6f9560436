"""The table's bits, entered a second time: by word, as the kernel's header lists them."""

from __future__ import annotations

from pathlib import Path

from aarch64_variant_provider._everything import decide_everything
from aarch64_variant_provider._parse import keep_usable, parse_rows, parse_versions
from aarch64_variant_provider._rules import list_contained

ROWS = parse_rows()
VERSIONS = parse_versions()

# Read off Linux's arch/arm64/include/uapi/asm/hwcap.h, 2026-11, not off the table: "." is a bit that we have no row
# for. One wrong bit in either is a difference; most bits show on no one machine, so no machine's answer would tell.
WORDS = {
    "hwcap": "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc "
    "dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs sb paca pacg "
    ". cmpbr fprcvt f8mm8 f8mm4 svef16mm sveeltperm sveaes2 svebfscale sve2p2 sme2p2 smesbitperm smeaes smesfexpa "
    "smestmop smesmop4",
    "hwcap2": "dcpodp sve2 sveaes svepmull svebitperm svesha3 svesm4 flagm2 frint svei8mm svef32mm svef64mm svebf16 "
    "i8mm bf16 dgh rng bti mte ecv afp rpres mte3 sme smei16i64 smef64f64 smei8i32 smef16f32 smeb16f32 smef32f32 "
    "smefa64 wfxt ebf16 sveebf16 cssc rprfm sve2p1 sme2 sme2p1 smei16i32 smebi32i32 smeb16b16 smef16f16 mops hbc "
    "sveb16b16 lrcpc3 lse128 fpmr lut faminmax f8cvt f8fma f8dp4 f8dp2 f8e4m3 f8e5m2 smelutv2 smef8f16 smef8f32 "
    "smesf8fma smesf8dp4 smesf8dp2 .",
    "hwcap3": "mtefar mtestoreonly lsfe ls64",
}
# Read off winnt.h's PF_ARM_…_INSTRUCTIONS_AVAILABLE.
WINDOWS = {
    30: "aes pmull sha1 sha2", 31: "crc32", 34: "atomics", 43: "asimddp", 44: "jscvt", 45: "lrcpc", 46: "sve",
    47: "sve2", 48: "sve2p1", 49: "sveaes", 50: "svepmull", 51: "svebitperm", 52: "svebf16", 53: "sveebf16",
    54: "sveb16b16", 55: "svesha3", 56: "svesm4", 57: "svei8mm", 58: "svef32mm", 59: "svef64mm", 62: "uscat",
    64: "sha3", 65: "sha512", 66: "i8mm", 67: "fphp asimdhp", 68: "bf16", 69: "ebf16", 70: "sme", 71: "sme2",
    72: "sme2p1", 73: "sme2p2", 74: "smeaes", 75: "smesbitperm", 78: "smesf8dp2", 79: "smesf8dp4", 80: "smesf8fma",
    81: "smef8f32", 82: "smef8f16", 83: "smef16f16", 84: "smeb16b16", 85: "smef64f64", 86: "smei16i64",
    87: "smelutv2", 88: "smefa64",
}  # fmt: skip
OFFICIAL = """
sve2 flagm2 frint sb btiecv paca pacg ssbs asimdfhm bf16 dcpodp dgh dit flagm i8mm ilrcpc jscvt rng sha3 sha512
svebf16 svei8mm uscat asimddp lrcpc asimdhp dcpop fcma fphp sve asimdrdmatomics aes asimd cpuid crc32 evtstrm fp pmull
sha1 sha2
"""
"""The list of the first provider for this namespace, in its order and with its two slips."""

MISSING = "bti ecv asimdrdm atomics sm3 sm4 sveaes svebitperm svepmull svesha3 svesm4 sme sme2 mte wfxt ls64 mops"
"""What that list cannot express."""


def test_every_bit_is_where_the_kernel_has_it() -> None:
    kernel = {
        f"{word}.{bit}": name for word, names in WORDS.items() for bit, name in enumerate(names.split()) if name != "."
    }
    assert {f"{row.word}.{row.bit}": row.name for row in ROWS.values() if row.word} == kernel
    assert {row.name for row in ROWS.values() if not row.word} == {"btiecv", "asimdrdmatomics"}


def test_every_number_is_what_windows_has_it_for() -> None:
    table: dict[int, list[str]] = {}
    for row in ROWS.values():
        if row.windows:
            table.setdefault(int(row.windows), []).append(row.name)
    assert {number: sorted(names) for number, names in table.items()} == {
        number: sorted(names.split()) for number, names in WINDOWS.items()
    }


def test_the_first_providers_features_are_all_there_in_their_order() -> None:
    names = [name for name, _, _ in decide_everything()]
    assert names[0] == "version"
    assert [name for name in names if name in OFFICIAL.split()] == OFFICIAL.split()
    assert set(MISSING.split()) <= set(names)


def test_what_a_row_needs_is_a_row_and_no_circle() -> None:
    assert keep_usable(ROWS) == set(ROWS)
    for row in ROWS.values():
        assert not row.needs or row.needs in ROWS
        assert row.needs or row.name == "sve" or not row.name.startswith("sve"), row.name
        assert row.needs or row.name == "sme" or not row.name.startswith("sme"), row.name


def test_versions_name_rows_and_each_contains_the_one_below() -> None:
    names = list(VERSIONS)
    for version in VERSIONS.values():
        assert set(version.adds) <= set(ROWS)
        assert all(names.index(version.name) < names.index(other) for other in version.contains)
    assert list_contained("8.7a") == [f"8.{minor}a" for minor in range(7, 0, -1)] + ["8a"]
    assert list_contained("9.0a") == ["9.0a", "8.5a", "8.4a", "8.3a", "8.2a", "8.1a", "8a"]
    assert list_contained(names[0]) == names


README = (Path(__file__).parents[3] / "providers" / "aarch64" / "README.md").read_text(encoding="utf-8")


def test_the_readme_counts_the_extensions_and_names_every_version_in_order() -> None:
    assert f"| {sum(1 for row in ROWS.values() if row.word)} extensions, such as" in README
    assert ", ".join(f"`{version}`" for version in VERSIONS) + ": best first" in README


def test_the_readme_says_what_each_version_contains_and_adds() -> None:
    for version in VERSIONS.values():
        cells = [f"`{version.name}`", ", ".join(f"`{name}`" for name in version.contains), " ".join(version.adds)]
        row = "| " + " | ".join(cells) + " |"
        assert (row.replace("|  |", "| |") in README) == (version.name != "8a"), row

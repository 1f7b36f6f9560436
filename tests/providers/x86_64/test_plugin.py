"""The package as the plugin that other tools load."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import x86_64_variant_provider as provider
from support.interpreters import INTERPRETERS, run_alone
from support.qemu import ON_X86_64_LINUX
from support.x86_64 import CAPTURES, FORCE, answer_of, read_capture
from x86_64_variant_provider import _elsewhere, _native, _probe
from x86_64_variant_provider.__main__ import main
from x86_64_variant_provider._machine import Machine
from x86_64_variant_provider._parse import ROWS, parse_facts
from x86_64_variant_provider._rules import decide_answer, decide_everything, why_not
from x86_64_variant_provider._tables import LEAVES, LEVELS

if TYPE_CHECKING:
    from pathlib import Path

OFFICIAL = """
avx_vnni cppc ibrs_enhanced tsc_adjust flush_l1d movdir64b movdiri avx512_bf16 avx512_bitalg avx512_vbmi2 avx512_vnni
avx512_vp2intersect avx512_vpopcntdq avx512ifma avx512vbmi rdpid sha_ni vaes vpclmulqdq clwb clzero avx512bw avx512cd
avx512dq avx512f avx512vl clflushopt gfni rdseed xsavec xsaveopt adx avx2 avx bmi2 bmi1 abm f16c fma movbe xsave rdrand
aes pclmulqdq sse4a fsgsbase sse4_2 sse4_1 ssse3 sse3 cx16 lahf_lm popcnt sse2 sse mmx
"""
"""The list of the first provider for this namespace, in its order."""


def test_the_first_providers_features_are_all_there_in_their_order() -> None:
    names = [config.name for config in provider.get_all_configs()]
    assert names[0] == "level"
    assert [name for name in names if name in OFFICIAL.split()] == OFFICIAL.split()


def test_every_row_needs_an_existing_row_of_no_higher_level() -> None:
    for row in ROWS.values():
        if row.needs != "-":
            assert not row.level or ROWS[row.needs].level <= row.level, row.name
        assert row.register < 0 or row.leaf in {f"{leaf:x}.{subleaf:x}" for leaf, subleaf in LEAVES}
    places = [(row.leaf, row.register, row.bit) for row in ROWS.values() if row.register >= 0]
    assert len(set(places)) == len(places)


def test_levels_nest_and_their_rows_go_with_them() -> None:
    for level, names in LEVELS.items():
        assert all(ROWS[name].level == level for name in names)
        implied = {name for number in range(1, level + 1) for name in LEVELS[number]}
        assert all(ROWS[name].needs in {"-", *implied} for name in names)


def test_answering_imports_nothing_heavy_and_prints_nothing() -> None:
    code = (
        "import x86_64_variant_provider as p; p.get_supported_configs(); p.get_all_configs(); p.get_diagnostics(); "
        "heavy = 'dataclasses typing re subprocess pathlib enum json logging platform sysconfig inspect'; "
        "heavy += ' os ctypes' if sys.platform == 'linux' else ''; "
        "print(*[name for name in heavy.split() if name in sys.modules])"
    )
    assert run_alone(sys.executable, provider, code) == "\n"


@pytest.mark.parametrize(
    "first", ["", "import os; ", "import os; os.environ[{name!r}] = 'v1'; "], ids=["bare", "os", "set"]
)
def test_an_override_counts_whether_or_not_os_is_loaded(first: str) -> None:
    code = first.format(name=FORCE) + "import x86_64_variant_provider as p; print(p.get_diagnostics())"
    expected = "v1" if "environ" in first else "v2"
    if _probe.interpreter_machine() != "x86_64":
        pytest.skip("not a 64-bit x86 interpreter")
    for python in INTERPRETERS:
        assert f"sets the level to {expected}" in run_alone(python, provider, code, **{FORCE: "v2"})


def test_every_interpreter_gives_the_same_answer() -> None:
    code = (
        "import x86_64_variant_provider as p; "
        "print(p.get_supported_configs(), p.get_all_configs(), p.get_diagnostics())"
    )
    assert len({run_alone(python, provider, code) for python in INTERPRETERS}) == 1


@pytest.mark.skipif(not ON_X86_64_LINUX, reason="needs a 64-bit x86 Linux")
@pytest.mark.parametrize(("function", "said"), [("mprotect", -1), ("mmap", (1 << 64) - 1), ("mmap", None)])
def test_refused_executable_memory_leaves_cpuinfo(
    monkeypatch: pytest.MonkeyPatch, function: str, said: int | None
) -> None:
    bind, words = _native.bind_by_core()

    def refuse(place: object, result: str, arguments: str) -> object:
        return (lambda *_: said) if place == function else bind(place, result, arguments)

    monkeypatch.setattr(_native, "bind_by_core", lambda: (refuse, words))
    assert provider.get_supported_configs()[0].name == "level"
    assert [code for code, _ in provider.get_diagnostics()] == ["cpuinfo-alone"]
    assert dict(provider.get_evidence())["/reports/cpuid"].startswith("!OSError: ")


@pytest.mark.skipif(sys.platform != "linux", reason="a Linux security setting")
def test_a_process_that_may_not_make_memory_executable_answers_from_cpuinfo() -> None:
    code = (
        "import ctypes; denied = ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); "  # PR_SET_MDWE, Linux 6.3
        "import x86_64_variant_provider as p; "
        "print(denied, *[code for code, _ in p.get_diagnostics()], p.get_supported_configs()[:1])"
    )
    denied, _, said = run_alone(sys.executable, provider, code).partition(" ")
    if denied != "0" or _probe.interpreter_machine() != "x86_64":
        pytest.skip("this kernel cannot forbid executable memory")
    assert said.startswith("cpuinfo-alone [_FeatureConfig(name='level'")


@pytest.mark.parametrize("system", ["darwin", "win32", "freebsd14"])
def test_a_system_that_tells_nothing_gets_the_assumed_level_and_a_diagnostic(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    for name in ("interpreter_machine", "windows_interpreter"):
        monkeypatch.setattr(_elsewhere, name, lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", system)
    assert repr(provider.get_supported_configs()) == repr([provider.get_all_configs()[0]]).replace("'v4', 'v3', ", "")
    assert [code for code, _ in provider.get_diagnostics()] == ["processor-unreadable"]


def test_a_32_bit_interpreter_is_not_x86_64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "maxsize", (1 << 31) - 1)
    assert provider.get_supported_configs() == []
    assert provider.get_diagnostics() == []


def test_evidence_is_what_the_answer_was_made_of() -> None:
    supported = provider.get_supported_configs()
    evidence = dict(provider.get_evidence())
    assert evidence["/reports/interpreter"] == _probe.interpreter_machine() + "\n"
    if ON_X86_64_LINUX:
        assert list(evidence) == [
            *("/reports/interpreter", "/proc/sys/kernel/osrelease", "/proc/cpuinfo", "/reports/cpuid")
        ]
    facts = parse_facts(replay(evidence), {})
    assert repr(decide_answer(facts)) == repr([(c.name, c.values, c.multi_value) for c in supported])


def replay(evidence: dict[str, str]) -> _probe.Evidence:
    class Replay(Machine):
        def read(self, path: str, limit: int = 0) -> str:
            return evidence.get(path, "")

    return _probe.probe_machine(Replay("", live=False))


def test_without_the_vendored_table_the_error_says_what_to_do(tmp_path: Path) -> None:
    package = tmp_path / "x86_64_variant_provider"
    shutil.copytree(os.path.dirname(provider.__file__), package, ignore=shutil.ignore_patterns("_vendor", "*.pyc"))
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import x86_64_variant_provider as p\n"
        "try: p.get_all_configs()\nexcept ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert "variantkit provider vendor" in done.stdout


def root_with(tmp_path: Path, flags: str) -> str:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(f"processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: {flags}\n")
    return str(tmp_path)


def ask_main(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert isinstance(report, dict)
    return report


@pytest.mark.parametrize(("value", "count"), [("v4", 1), ("avx512_fp16", 1), ("microarchitecture :: zen4", 1)])
def test_why_not_names_the_missing_and_its_source(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, value: str, count: int
) -> None:
    report = ask_main(capsys, "--root", root_with(tmp_path, "sse sse2 mmx"), "--why-not", value)
    assert report["schema"] == "variant-provider.report/1"
    assert report["features"][0] == {"name": "level", "values": ["v1"], "multi_value": False}
    assert {"fact": "level", "value": "v1", "source": "/proc/cpuinfo"} in report["facts"]
    assert len(report["why_not"]) == count
    assert report["why_not"][0]["supported"] is False
    expected = "avx512f: /proc/cpuinfo does not name avx512f (on every processor)."
    if "zen4" in value:
        expected = "zen4 is of AuthenticAMD, this processor of GenuineIntel."
    assert expected in report["why_not"][0]["reason"]


@pytest.mark.parametrize(("value", "blamed"), [("v4", True), ("avx512f", True), ("serialize", False)])
def test_why_not_blames_a_forced_level_only_for_what_goes_with_a_higher_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, blamed: bool
) -> None:
    monkeypatch.setenv(FORCE, "v3")
    report = ask_main(capsys, "--root", root_with(tmp_path, "sse sse2 mmx avx512f"), "--why-not", value)
    (entry,) = report["why_not"]
    assert ("X86_64_VARIANT_PROVIDER_FORCE_LEVEL limits the level to v3." in entry["reason"]) is blamed
    assert entry["reason"]


def test_the_report_in_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--root", root_with(tmp_path, "sse sse2 mmx pni"), "--why-not", "v1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "level: v1  [/proc/cpuinfo]" in lines
    assert "sse3: on  [/proc/cpuinfo]" in lines
    assert "x86_64 :: microarchitecture :: nocona" in lines
    assert lines[-1] == "x86_64 :: level :: v1: is supported"


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_every_value_is_supported_or_has_a_reason_why_not(path: str) -> None:
    facts = read_capture(path)
    answer = answer_of(facts)
    for feature, values, _ in decide_everything():
        for value in values:
            assert bool(why_not(facts, feature, value)) != (value in answer.get(feature, ())), (feature, value)


def test_why_not_refuses_an_unknown_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--why-not", "v5"])
    assert caught.value.code == 2
    assert "--why-not 'v5': expected a value of level" in capsys.readouterr().err

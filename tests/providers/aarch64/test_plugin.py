"""The package as the plugin that other tools load."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import aarch64_variant_provider as provider
from aarch64_variant_provider import _interpreter, _native
from aarch64_variant_provider.__main__ import main
from aarch64_variant_provider._tables import VARIABLES
from support.interpreters import INTERPRETERS, run_alone

if TYPE_CHECKING:
    from pathlib import Path

DISABLE, FORCE, MAX = VARIABLES
ON_ARM = _interpreter.name_interpreter().startswith("aarch64 ")
elsewhere = pytest.mark.skipif(ON_ARM, reason="what the interpreters of other architectures answer")


@elsewhere
def test_the_interpreter_of_another_architecture_answers_nothing_and_reads_nothing() -> None:
    code = (
        "import aarch64_variant_provider as p; "
        "print(p.get_supported_configs(), p.get_diagnostics(), p.get_evidence()); "
        "print(*[name for name in ('ctypes', 'os', '_ctypes') if name in sys.modules], "
        "*[name for name in sys.modules if name.endswith(('._machine', '._parse', '._rules', '._probe'))])"
    )
    said = run_alone(sys.executable, provider, code, **{FORCE: "9.0a"})
    assert said == f"[] [] [('/reports/interpreter', 'other {sys.platform}\\n')]\n\n"


def test_answering_imports_nothing_heavy_and_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import aarch64_variant_provider as p; from aarch64_variant_provider import _interpreter, _probe; "
        "_interpreter.name_interpreter = _probe.name_interpreter = lambda: 'aarch64 linux'; "
        "p.get_supported_configs(); p.get_all_configs(); p.get_diagnostics(); p.get_evidence(); "
        "heavy = 'dataclasses typing re subprocess pathlib enum json logging platform sysconfig inspect'; "
        "print(*[name for name in heavy.split() if name in sys.modules])"
    )
    assert run_alone(sys.executable, provider, code) == "\n"


def test_every_interpreter_gives_the_same_answer() -> None:
    code = (
        "import aarch64_variant_provider as p; from aarch64_variant_provider._parse import parse_facts; "
        "from aarch64_variant_provider._probe import Evidence; "
        "from aarch64_variant_provider._rules import decide_answer; evidence = Evidence(); "
        "evidence.interpreter, evidence.hwcap = 'aarch64 linux', 'source auxv\\nhwcap 0x119ffb'; "
        "print(p.get_supported_configs(), p.get_all_configs(), p.get_diagnostics(), "
        "decide_answer(parse_facts(evidence, {})))"
    )
    assert len({run_alone(python, provider, code) for python in INTERPRETERS}) == 1


@pytest.mark.parametrize(
    ("system", "built_for", "machine", "version", "bits", "order", "name"),
    [
        ("linux", "aarch64-linux-gnu", "aarch64", "", 63, "little", "aarch64"),
        ("linux", "aarch64-linux-musl", "armv8l", "", 63, "little", "aarch64"),
        ("linux", "", "aarch64", "", 63, "little", "aarch64"),
        ("linux", "", "armv8l", "", 63, "little", "aarch64"),
        ("linux", "arm-linux-gnueabihf", "aarch64", "", 31, "little", "other"),
        ("linux", "aarch64-linux-gnu_ilp32", "aarch64", "", 31, "little", "other"),
        ("linux", "aarch64-linux-gnu", "aarch64", "", 63, "big", "other"),
        ("linux", "aarch64_be-linux-gnu", "aarch64_be", "", 63, "big", "other"),
        ("linux", "x86_64-linux-gnu", "x86_64", "", 63, "little", "other"),
        ("android", "", "aarch64", "", 63, "little", "aarch64"),
        ("darwin", "darwin", "arm64", "", 63, "little", "aarch64"),
        ("darwin", "darwin", "x86_64", "", 63, "little", "other"),
        ("win32", "", "", "3.13.0 (main) [MSC v.1941 64 bit (ARM64)]", 63, "little", "aarch64"),
        ("win32", "", "", "3.13.0 (main) [MSC v.1941 64 bit (AMD64)]", 63, "little", "other"),
        ("win32", "", "", "3.13.0 (main) [MSC v.1941 32 bit (ARM)]", 31, "little", "other"),
    ],
)
def test_the_interpreter_decides_and_not_the_hardware(
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    built_for: str,
    machine: str,
    version: str,
    bits: int,
    order: str,
    name: str,
) -> None:
    class Kernel:
        def __init__(self) -> None:
            self.machine = machine

        @classmethod
        def module(cls) -> ModuleType:
            posix = ModuleType("posix")
            setattr(posix, "uname", cls)  # noqa: B010  mypy knows no such attribute
            return posix

    class Implementation:
        _multiarch = built_for

    monkeypatch.setitem(sys.modules, "posix", Kernel.module())
    monkeypatch.setattr(sys, "implementation", Implementation)
    monkeypatch.setattr(sys, "maxsize", (1 << bits) - 1)
    monkeypatch.setattr(sys, "byteorder", order)
    monkeypatch.setattr(sys, "version", version)
    monkeypatch.setattr(sys, "platform", system)
    assert _interpreter.name_interpreter() == f"{name} {system}\n"


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_a_native_library_that_is_not_there_is_an_unreadable_processor(
    monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    def fail() -> str:
        raise OSError(22, "no such function")

    for module in ("_interpreter", "_probe"):
        place = f"aarch64_variant_provider.{module}.name_interpreter"
        monkeypatch.setattr(place, lambda: f"aarch64 {system}\n", raising=False)
    monkeypatch.setattr(_native, "read_sysctl", fail)
    monkeypatch.setattr(_native, "read_features", fail)
    assert [(config.name, config.values) for config in provider.get_supported_configs()] == [("version", ["8a"])]
    assert [code for code, _ in provider.get_diagnostics()] == ["processor-unreadable"]
    assert provider.get_evidence()[0] == ("/reports/interpreter", f"aarch64 {system}\n")


def root_with(tmp_path: Path, features: str) -> str:
    (tmp_path / "proc").mkdir()
    block = f"processor\t: 0\nFeatures\t: {features}\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\n"
    (tmp_path / "proc" / "cpuinfo").write_text(block)
    return str(tmp_path)


def test_the_report_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--root", root_with(tmp_path, "fp asimd crc32"), "--why-not", "8.1a", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["namespace"] == "aarch64"
    assert report["features"][0] == {"name": "version", "values": ["8a"], "multi_value": False}
    assert {"fact": "cores", "value": "0x41:0xd0c", "source": "/proc/cpuinfo"} in report["facts"]
    (no,) = report["why_not"]
    assert no == {
        "property": "aarch64 :: version :: 8.1a",
        "supported": False,
        "reason": "Version 8.1a requires asimdrdm, atomics, which /proc/cpuinfo does not name.",
    }


def test_the_report_in_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--root", root_with(tmp_path, "fp asimd"), "--why-not", "sve"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "aarch64 :: version :: 8a" in lines
    assert lines[-1] == "aarch64 :: sve :: on: /proc/cpuinfo: it does not name sve."


def test_why_not_refuses_an_unknown_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--why-not", "v8.2"])
    assert caught.value.code == 2
    assert "expected a value of version (9.2a … 8a), " in capsys.readouterr().err

"""The Intel package as the plugin that other tools load, and as a program."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

import intel_variant_provider as provider
from intel_variant_provider.__main__ import main
from intel_variant_provider._tables import FORCE_IP
from intel_variant_provider.plugin import IntelVariantPlugin
from support.interpreters import INTERPRETERS

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(provider.__file__)))


def ask(python: str, code: str, **variables: str) -> str:
    script = f"import sys; sys.path.insert(0, {SOURCES!r}); {code}"
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-c", script],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_names_and_values_keep_to_the_grammar_and_the_limits() -> None:
    for config in provider.get_all_configs():
        assert re.fullmatch(r"[a-z0-9_]+", config.name)
        assert len(config.values) <= 4096
        assert all(re.fullmatch(r"[a-z0-9_.]+", value) for value in config.values)
        assert len(set(config.values)) == len(config.values)


def test_all_configs_do_not_depend_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = repr(provider.get_all_configs())
    monkeypatch.setenv(FORCE_IP, "20.2.0")
    assert repr(provider.get_all_configs()) == before


def test_the_class_answers_as_the_package_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FORCE_IP, "20.2.0 12.55.8")
    assert repr(IntelVariantPlugin.get_supported_configs()) == repr(provider.get_supported_configs())
    assert repr(IntelVariantPlugin().get_all_configs()) == repr(provider.get_all_configs())
    assert IntelVariantPlugin.get_diagnostics() == provider.get_diagnostics()
    assert IntelVariantPlugin.get_evidence() == provider.get_evidence()
    assert IntelVariantPlugin.namespace == "intel"


def test_every_interpreter_answers_with_nothing_heavy_imported_and_nothing_printed() -> None:
    code = (
        "import intel_variant_provider as p; a = p.get_supported_configs(); "
        "print(a, p.get_all_configs(), p.get_diagnostics(), [name for name in "
        "'dataclasses typing re subprocess pathlib enum json logging ctypes'.split() if name in sys.modules])"
    )
    answers = {ask(python, code, **{FORCE_IP: "20.2.0,x"}) for python in INTERPRETERS}
    assert len(answers) == 1
    answer = answers.pop()
    assert answer.startswith("[_FeatureConfig(name='device_ip', values=['20.2.0', '20.1.0'], multi_value=True)")
    assert "override-ignored" in answer
    assert answer.endswith("[]\n")


def test_importing_does_nothing() -> None:
    code = (
        "before = set(sys.modules); import intel_variant_provider; print(*set(sys.modules) - before - {'__future__'})"
    )
    assert ask(sys.executable, code) == "intel_variant_provider\n"


@pytest.mark.skipif(os.path.exists("/dev/dri") or os.path.exists("/dev/dxg"), reason="this machine has a GPU")
def test_without_hardware_no_child_is_started_and_no_driver_code_is_loaded() -> None:
    code = (
        "import intel_variant_provider as p; p.get_supported_configs(); p.get_diagnostics(); "
        "print(*sorted(n for n in sys.modules if n.startswith('intel_variant_provider._')))"
    )
    names = [name.partition(".")[2] for name in ask(sys.executable, code).split()]
    assert names == ["_machine", "_parse", "_probe", "_rules", "_tables"]


def test_the_program_tells_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--why-not", "99.1.0"])
    assert "expected a value of device_ip (35.15.7 … 12.0.0)" in capsys.readouterr().err

"""The Intel package as the plugin that other tools load, and as a program."""

from __future__ import annotations

import os
import sys

import pytest

import intel_variant_provider as provider
from intel_variant_provider.__main__ import main
from intel_variant_provider._tables import FORCE_IP
from support.interpreters import INTERPRETERS, run_alone


def test_every_interpreter_answers_with_nothing_heavy_imported_and_nothing_printed() -> None:
    code = (
        "import intel_variant_provider as p; a = p.get_supported_configs(); "
        "print(a, p.get_all_configs(), p.get_diagnostics(), [name for name in "
        "'dataclasses typing re subprocess pathlib enum json logging ctypes'.split() if name in sys.modules])"
    )
    answers = {run_alone(python, provider, code, **{FORCE_IP: "20.2.0,x"}) for python in INTERPRETERS}
    assert len(answers) == 1
    answer = answers.pop()
    assert answer.startswith("[_FeatureConfig(name='device_ip', values=['20.2.0', '20.1.0'], multi_value=True)")
    assert "override-ignored" in answer
    assert answer.endswith("[]\n")


@pytest.mark.skipif(os.path.exists("/dev/dri") or os.path.exists("/dev/dxg"), reason="this machine has a GPU")
def test_without_hardware_no_child_is_started_and_no_driver_code_is_loaded() -> None:
    code = (
        "import intel_variant_provider as p; p.get_supported_configs(); p.get_diagnostics(); "
        "print(*sorted(n for n in sys.modules if n.startswith('intel_variant_provider._')))"
    )
    names = [name.partition(".")[2] for name in run_alone(sys.executable, provider, code).split()]
    assert names == ["_machine", "_parse", "_probe", "_rules", "_tables"]


def test_the_program_tells_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--why-not", "99.1.0"])
    assert "expected a value of device_ip (35.15.7 … 12.0.0)" in capsys.readouterr().err

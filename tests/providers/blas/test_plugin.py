"""The BLAS provider: a constant, said twice."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

import blas_lapack_variant_provider as provider
from blas_lapack_variant_provider import alias
from blas_lapack_variant_provider.__main__ import main
from support.interpreters import INTERPRETERS

if TYPE_CHECKING:
    from types import ModuleType

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(provider.__file__)))
LIBRARIES = ["accelerate", "openblas", "mkl", "blis", "aocl", "nvpl", "armpl", "flexiblas", "essl", "netlib"]


def answer_of(plugin: ModuleType, function: str) -> list[tuple[str, list[str], bool]]:
    return [(config.name, config.values, config.multi_value) for config in getattr(plugin, function)()]


@pytest.mark.parametrize(("plugin", "features"), [(provider, ["library"]), (alias, ["library", "provider"])])
def test_both_functions_give_every_library_in_order(plugin: ModuleType, features: list[str]) -> None:
    expected = [(name, LIBRARIES, False) for name in features]
    assert answer_of(plugin, "get_supported_configs") == expected
    assert answer_of(plugin, "get_all_configs") == expected
    assert plugin.all_properties_compatible is True


def test_an_answer_is_the_callers_own_copy() -> None:
    provider.get_all_configs()[0].values.clear()
    assert provider.get_supported_configs()[0].values == LIBRARIES


@pytest.mark.parametrize("python", INTERPRETERS)
def test_every_interpreter_answers_without_reading_the_machine(python: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, {SOURCES!r}); import blas_lapack_variant_provider as p; "
        "print(*p.get_supported_configs()[0].values); print('os' in sys.modules, 'typing' in sys.modules)"
    )
    done = subprocess.run([python, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.splitlines(), done.stderr) == ([" ".join(LIBRARIES), "False False"], "")


def test_the_answer_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == f"library  {', '.join(LIBRARIES)}\n"
    assert main(["--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["features"] == [{"name": "library", "values": LIBRARIES, "multi_value": False}]

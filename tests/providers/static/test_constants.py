"""The providers that read no machine, blas and openmp: a constant, said twice and printed."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

import blas_lapack_variant_provider
import blas_lapack_variant_provider.__main__
import blas_lapack_variant_provider.alias
import openmp_variant_provider
import openmp_variant_provider.__main__
import openmp_variant_provider.alias
from support.interpreters import INTERPRETERS
from variantkit.provider.clauses import check_answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


class Static(NamedTuple):
    """A provider, its endpoint for the older name, its command, and what it is to answer."""

    plugin: ModuleType
    alias: ModuleType
    main: Callable[[list[str]], int]
    namespace: str
    libraries: list[str]


BLAS = Static(
    blas_lapack_variant_provider,
    blas_lapack_variant_provider.alias,
    blas_lapack_variant_provider.__main__.main,
    "blas_lapack",
    ["accelerate", "openblas", "mkl", "blis", "aocl", "nvpl", "armpl", "flexiblas", "essl", "netlib"],
)
OPENMP = Static(
    openmp_variant_provider,
    openmp_variant_provider.alias,
    openmp_variant_provider.__main__.main,
    "openmp",
    ["gnu", "intel", "llvm", "msvc", "nvidia"],
)
both = pytest.mark.parametrize("static", [BLAS, OPENMP], ids=["blas", "openmp"])


def answer_of(plugin: ModuleType, function: str) -> list[tuple[str, list[str], bool]]:
    return [(config.name, config.values, config.multi_value) for config in getattr(plugin, function)()]


def directory_of(module: ModuleType) -> str:
    return os.path.dirname(os.path.abspath(module.__file__ or ""))


@both
def test_both_functions_give_every_library_in_order(static: Static) -> None:
    for plugin, features in ((static.plugin, ["library"]), (static.alias, ["library", "provider"])):
        expected = [(name, static.libraries, False) for name in features]
        assert answer_of(plugin, "get_supported_configs") == expected
        assert answer_of(plugin, "get_all_configs") == expected
        assert plugin.all_properties_compatible is True
        assert plugin.get_evidence() == []


@both
def test_an_answer_is_the_callers_own_copy(static: Static) -> None:
    static.plugin.get_all_configs()[0].values.clear()
    assert static.plugin.get_supported_configs()[0].values == static.libraries


@both
def test_an_alias_in_one_function_alone_would_break_the_contract(static: Static) -> None:
    """Why `provider` has an endpoint of its own: the promise of the same answer everywhere would be a false one."""

    def plain(plugin: ModuleType) -> list[dict[str, object]]:
        answer = answer_of(plugin, "get_all_configs")
        return [{"name": name, "values": values, "multi_value": multi} for name, values, multi in answer]

    narrow, wide = plain(static.plugin), plain(static.alias)
    for supported, everything, clauses in (
        (narrow, narrow, []),
        (wide, wide, []),
        (narrow, wide, ["all-properties-compatible"]),
    ):
        violations = check_answer(supported, everything, all_properties_compatible=True)[2]
        assert [violation.clause for violation in violations] == clauses


@both
@pytest.mark.parametrize("python", INTERPRETERS)
def test_every_interpreter_answers_without_reading_the_machine(static: Static, python: str) -> None:
    name = static.plugin.__name__
    code = (
        f"import sys; sys.path.insert(0, {os.path.dirname(directory_of(static.plugin))!r}); import {name} as p; "
        "print(*p.get_supported_configs()[0].values); print('os' in sys.modules, 'typing' in sys.modules)"
    )
    done = subprocess.run([python, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.splitlines(), done.stderr) == ([" ".join(static.libraries), "False False"], "")


@both
def test_the_answer_printed(static: Static, capsys: pytest.CaptureFixture[str]) -> None:
    assert static.main([]) == 0
    assert capsys.readouterr().out == f"{static.namespace} :: library :: {', '.join(static.libraries)}\n"
    assert static.main(["--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["schema"], report["namespace"]) == ("variant-provider.report/1", static.namespace)
    assert report["features"] == [{"name": "library", "values": static.libraries, "multi_value": False}]
    assert not any(report[key] for key in ("facts", "diagnostics", "sources", "refused"))


@both
def test_another_machine_changes_nothing(static: Static, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    static.main(["--json"])
    here = capsys.readouterr().out
    static.main(["--json", "--root", str(tmp_path)])
    assert capsys.readouterr().out == here


@both
@pytest.mark.parametrize("prefix", ["", "library :: ", "{namespace} :: library::"])
def test_no_value_is_missing(static: Static, prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    value = static.libraries[-1]
    asked = prefix.format(namespace=static.namespace) + value
    assert static.main(["--why-not", asked]) == 0
    assert capsys.readouterr().out.endswith(f"{static.namespace} :: library :: {value}: is supported\n")
    assert static.main(["--why-not", asked, "--json"]) == 0
    (reason,) = json.loads(capsys.readouterr().out)["why_not"]
    assert reason == {"property": f"{static.namespace} :: library :: {value}", "supported": True, "reason": ""}


@both
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--why-not", "nonesuch"], "--why-not 'nonesuch': expected a value of library ("),
        (["--why-not", ""], "--why-not '': expected a value of library ("),
        (["--why-not", "interface :: intel"], "--why-not 'interface :: intel': expected a value of library ("),
        (["--root", "/nonesuch"], "--root /nonesuch: expected a directory"),
    ],
)
def test_wrong_usage_is_one_sentence(
    static: Static, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        static.main(arguments)
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("name", ["_rules.py", "__main__.py", "alias.py"])
def test_what_both_share_has_one_text(name: str) -> None:
    texts = []
    for static in (BLAS, OPENMP):
        with open(os.path.join(directory_of(static.plugin), name), encoding="utf-8") as stream:
            texts.append(stream.read())
    assert texts[0] == texts[1]

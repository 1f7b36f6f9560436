"""The machines in other projects' test data, as `tests/corpora/fetch.py` wrote them; tests skip without them."""

from __future__ import annotations

import ast
import json
import os
from functools import cache
from typing import Any, NamedTuple

import pytest

VARIABLE = "VARIANTKIT_CORPORA"


class ArchspecTarget(NamedTuple):
    """One machine of archspec's: `linux-rocky9-zen5` is a system, a name for it and the expected micro-architecture.

    `text` is /proc/cpuinfo for `linux`, lines of `sysctl` for `darwin`, and CPUID lines of decimal numbers
    (leaf, subleaf, eax, ebx, ecx, edx) for `windows`.
    """

    name: str
    system: str
    microarchitecture: str
    text: str


class CpuinfoMachine(NamedTuple):
    """One machine of py-cpuinfo's: what its mocks of the operating system's files and programs say, by their name.

    `said` has for example `cat_proc_cpuinfo`, `sysctl_machdep_cpu_hw_cpufrequency`, `lscpu`, `dmesg_a`, `sysinfo_cpu`.
    """

    name: str
    architecture: str
    said: dict[str, str]


def corpora_folder(name: str) -> str:
    """A folder of the corpora; the running test is skipped when they were not fetched."""
    root = os.environ.get(VARIABLE, "")
    if not root:
        pytest.skip(f"{VARIABLE} names no folder; make one with: python tests/corpora/fetch.py FOLDER")
    return os.path.join(root, name)


def read_archspec() -> dict[str, ArchspecTarget]:
    """Every target of archspec by its file name; skips without the corpora."""
    return _read_archspec(corpora_folder("archspec"))


def read_cpuinfo() -> dict[str, CpuinfoMachine]:
    """Every machine of py-cpuinfo, by the name of its test file without `test_` and its class; skips likewise."""
    return _read_cpuinfo(corpora_folder("py-cpuinfo"))


def read_table(name: str) -> dict[str, Any]:
    """One of archspec's JSON tables, `cpuid` or `microarchitectures`; skips likewise."""
    with open(os.path.join(corpora_folder("archspec-tables"), f"{name}.json"), encoding="utf-8") as stream:
        table = json.load(stream)
    assert isinstance(table, dict)
    return table


@cache
def _read_archspec(folder: str) -> dict[str, ArchspecTarget]:
    targets = {}
    for name in sorted(os.listdir(folder)):
        system = name.partition("-")[0]
        with open(os.path.join(folder, name), encoding="utf-8", errors="surrogateescape") as stream:
            targets[name] = ArchspecTarget(name, system, name.rpartition("-")[2], stream.read())
    return targets


@cache
def _read_cpuinfo(folder: str) -> dict[str, CpuinfoMachine]:
    machines = {}
    for filename in sorted(name for name in os.listdir(folder) if name.startswith("test_")):
        with open(os.path.join(folder, filename), encoding="utf-8") as stream:
            tree = ast.parse(stream.read())
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("MockDataSource"):
                name = filename[len("test_") : -len(".py")] + node.name[len("MockDataSource") :]
                machines[name] = CpuinfoMachine(name, _architecture(node), _said(node))
    return machines


def _architecture(mock: ast.ClassDef) -> str:
    """The value of its `arch_string_raw`."""
    for node in mock.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if names == ["arch_string_raw"]:
                return str(node.value.value)
    return ""


def _said(mock: ast.ClassDef) -> dict[str, str]:
    """The string that each of its methods returns; methods that return something else are left out."""
    said = {}
    for method in mock.body:
        if not isinstance(method, ast.FunctionDef):
            continue
        texts = [
            node.value.value
            for node in ast.walk(method)
            if isinstance(node, (ast.Assign, ast.Return))
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ]
        if texts:
            said[method.name] = texts[-1].lstrip("\n")
    return said

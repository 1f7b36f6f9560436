"""What a module could do is read off its source, by whatever name it calls it."""

from __future__ import annotations

import ast

import pytest

from variantkit_allowlist.inspection.known import KINDS, is_library, is_path, is_program, is_variable
from variantkit_allowlist.inspection.reading import read_facts, resolve_relative

POWERS = [
    ("exec('x')", "dynamic-code"),
    ("eval('x')", "dynamic-code"),
    ("compile('x', 'y', 'exec')", "dynamic-code"),
    ("f = exec", "dynamic-code"),
    ("__import__('os')", "dynamic-code"),
    ("import builtins as b\nb.exec('x')", "dynamic-code"),
    ("from builtins import eval as harmless", "dynamic-code"),
    ("getattr(__builtins__, 'exec')('x')", "dynamic-code"),
    ("__builtins__['eval']", "reflection"),
    ("globals()['x']", "reflection"),
    ("getattr(os, 'sys' + 'tem')", "reflection"),
    ("import operator\noperator.attrgetter(name)(x)", "reflection"),
    ("().__class__.__bases__[0].__subclasses__()", "reflection"),
    ("f.__globals__", "reflection"),
    ("from os import *\nsystem('x')", "processes"),
    ("from os import *", "reflection"),
    ("import pickle", "dynamic-code"),
    ("import marshal", "dynamic-code"),
    ("from types import FunctionType", "dynamic-code"),
    ("import types\ntypes.CodeType", "dynamic-code"),
    ("class A:\n def __reduce__(self): ...", "reflection"),
    ("def __getattr__(name): ...", "reflection"),
    ("f.__code__ = g.__code__", "dynamic-code"),
    ("import sys\nsys.settrace(f)", "dynamic-code"),
    ("import importlib", "import-system"),
    ("import importlib.util as u", "import-system"),
    ("import sys\nsys.modules['os'] = x", "import-system"),
    ("import sys as s\ns.path.insert(0, 'x')", "import-system"),
    ("import sys\nsys.meta_path.append(x)", "import-system"),
    ("import os\nos.system('x')", "processes"),
    ("import os as o\no.popen('x')", "processes"),
    ("from os import system as s", "processes"),
    ("import os\nrun = os.execv", "processes"),
    ("import os\nx = os\nx.system('y')", "processes"),
    ("getattr(os, 'system')", "processes"),
    ("import subprocess", "processes"),
    ("from subprocess import run", "processes"),
    ("import posix as p\np.posix_spawn('x', [], {})", "processes"),
    ("import multiprocessing", "processes"),
    ("import os\nos.fork()", "forks"),
    ("import socket", "network"),
    ("import urllib.request", "network"),
    ("from urllib import request", "network"),
    ("import http.client", "network"),
    ("import asyncio", "network"),
    ("import ctypes", "native-calls"),
    ("from ctypes import CDLL", "native-calls"),
    ("import os\nos.setuid(0)", "privileges"),
    ("import os\nos.kill(1, 9)", "signals"),
    ("open('x', 'w')", "writes"),
    ("open('x', mode=m)", "writes"),
    ("open('x', **{'mode': 'w'})", "writes"),
    ("import os\nos.unlink('x')", "writes"),
    ("p.write_text('x')", "writes"),
    ("import shutil", "writes"),
    ("import base64", "decoding"),
    ("import zlib", "decoding"),
    ("x = '" + "QUFB" * 300 + "'", "opaque-data"),
    ("x = b'" + "QUFB" * 300 + "'", "opaque-data"),
    ("import os\nos.environ", "environment"),
    ("import os\nos.getenv('A')", "environment"),
    ("try:\n import nt as s\nexcept ImportError:\n import posix as s\ns.fork()", "forks"),
    ("def f():\n import socket", "network"),
    ("TYPE_CHECKING = True\nif TYPE_CHECKING:\n import socket", "network"),
    ("TYPE_CHECKING = False\nTYPE_CHECKING = True\nif TYPE_CHECKING:\n import socket", "network"),
    ("from other import TYPE_CHECKING\nif TYPE_CHECKING:\n import socket", "network"),
    ("TYPE_CHECKING = False\nif not TYPE_CHECKING:\n import socket", "network"),
    ("TYPE_CHECKING = False\nif TYPE_CHECKING:\n pass\nelse:\n import socket", "network"),
]


def kinds_of(source: str) -> set[str]:
    return {fact.kind for fact in read_facts(ast.parse(source), "p/m.py")[0]}


@pytest.mark.parametrize(("source", "kind"), POWERS, ids=[source for source, _ in POWERS])
def test_a_power_is_seen_by_whatever_name(source: str, kind: str) -> None:
    assert kind in kinds_of(source)


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n",
        '"""exec(x), os.system, /bin/sh and libc.so.6"""\n',
        "# import socket\n",
        "open('x')\n",
        "open('x', 'rb')\n",
        "import re\nre.compile('x')\n",
        "getattr(x, 'name')\n",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from subprocess import Popen\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import socket\n",
        "system = 1\n",
    ],
)
def test_what_only_computes_has_no_power(source: str) -> None:
    assert kinds_of(source) & {*KINDS} == set()


@pytest.mark.parametrize(
    ("source", "kind", "detail"),
    [
        ("import os\nos.environ['ACME_X']", "variable", "ACME_X"),
        ("import os\nos.environ.get('acme')", "variable", "acme"),
        ("from os import environ as e\ne[b'acme']", "variable", "acme"),
        ("import os\nos.getenv(name)", "variable", "(computed)"),
        ("NAME = 'ACME_VARIANT_PROVIDER_FORCE'", "variable", "ACME_VARIANT_PROVIDER_FORCE"),
        ("P = '/proc/acme'", "path", "/proc/acme"),
        ("P = f'/proc/{x}/acme'", "path", "/proc/"),
        (r"P = 'C:\\Windows\\acme.dll'", "path", r"C:\Windows\acme.dll"),
        (r"P = b'/proc/acme'", "path", "/proc/acme"),
        ("P = '/usr/bin/acme-smi'", "program", "/usr/bin/acme-smi"),
        ("import subprocess\nsubprocess.run(['acme-smi', '-L'])", "program", "acme-smi"),
        ("import os\nos.system('curl x')", "program", "curl x"),
        ("L = 'libacme.so.1'", "library", "libacme.so.1"),
        ("import ctypes\nctypes.CDLL('acme')", "library", "acme"),
        ("import ctypes\nctypes.CDLL(name)", "library", "(computed)"),
        ("from ctypes.util import find_library\nfind_library('acme')", "library", "acme"),
    ],
)
def test_what_a_module_names_is_listed(source: str, kind: str, detail: str) -> None:
    facts = read_facts(ast.parse(source), "p/m.py")[0]
    assert (kind, detail) in {(fact.kind, fact.detail) for fact in facts}


@pytest.mark.parametrize(
    ("path", "level", "module", "name"),
    [
        ("p/__init__.py", 1, "x", "p.x"),
        ("p/a.py", 1, "", "p"),
        ("p/q/a.py", 2, "x.y", "p.x.y"),
        ("p/a.py", 2, "x", "?.x"),
        ("a.py", 1, "x", "?.x"),
        ("p/a.py", 0, "os", "os"),
    ],
)
def test_relative_imports_are_made_absolute(path: str, level: int, module: str, name: str) -> None:
    assert resolve_relative(path, level, module) == name


@pytest.mark.parametrize("text", ["sh", "bash", "python3.12", "curl", "/usr/bin/x", "x.exe", "npu-smi", "nvcc"])
def test_a_program_is_known_by_its_name(text: str) -> None:
    assert is_program(text)


@pytest.mark.parametrize("text", ["g3", "13.0", "true", "gnu", "sm_90", "x86_64_v3", "a sentence of words", ""])
def test_a_value_is_no_program(text: str) -> None:
    assert [test(text) for test in (is_program, is_path, is_library, is_variable)] == [False] * 4

"""The example with a C extension: each build that this machine can run gives the answers of the Python reference."""

from __future__ import annotations

import ast
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING, Any

import pytest

from variantkit.machine.settings import this_machine

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "simd")
PACKAGE = os.path.join(EXAMPLE, "src", "simd_example")
DIMENSION = 100  # neither a whole number of lanes nor of words

# Runs in the build's own process: reads vectors and codes, prints every answer, floats to the last bit.
ANSWERS = """\
import json, sys
from array import array
import simd_example
from simd_example import reference
given = json.load(sys.stdin)
q, v, w = (array("f", given[name]) for name in ("queries", "vectors", "whole"))
c, n = bytes.fromhex(given["codes"]), given["dimension"]
rows = [v[i : i + n] for i in range(0, len(v), n)]
print(json.dumps({
    "level": simd_example.LEVEL,
    "dots": [simd_example.dot(q[:n], row).hex() for row in rows],
    "nearest": simd_example.nearest(q, v, n),
    "exact": [simd_example.nearest(w[: 5 * n], w, n), [simd_example.dot(w[:n], w[i : i + n]) for i in (0, n, 2 * n)]],
    "codes": [simd_example.nearest_codes(c[::-1][: 5 * n], c, n), simd_example.hamming(c, c[::-1])],
    "reference": {
        "exact": [reference.nearest(w[: 5 * n], w, n), [reference.dot(w[:n], w[i : i + n]) for i in (0, n, 2 * n)]],
        "codes": [reference.nearest_codes(c[::-1][: 5 * n], c, n), reference.hamming(c, c[::-1])],
    },
}))
"""


def compiler() -> str:
    found = shutil.which("gcc") or shutil.which("clang")
    if platform.machine() not in ("x86_64", "AMD64") or sys.platform == "win32":
        pytest.skip("the example's levels are those of x86-64, built by gcc or clang")
    if found is None:
        pytest.skip("needs a C compiler: neither gcc nor clang is installed")
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        pytest.skip("needs this interpreter's Python.h")
    return found


def levels_of_this_machine() -> list[str]:
    """What the provider answers: a build for a level that is not here would end in an illegal instruction."""
    answer = this_machine(environ={}).detect(["x86_64"])["x86_64"]
    assert answer.status == "present", answer
    return next(list(feature.values) for feature in answer.features if feature.name == "level")


def flags_of_setup() -> list[str]:
    with open(os.path.join(EXAMPLE, "setup.py"), encoding="utf-8") as stream:
        tree = ast.parse(stream.read())
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    flags: list[str] = ast.literal_eval(assigned["FLAGS"])
    return flags


def build(folder: Path, march: list[str]) -> Path:
    """Compile the extension as setup.py would, into a copy of the package."""
    shutil.copytree(PACKAGE, folder / "simd_example", ignore=shutil.ignore_patterns("__pycache__"))
    extension = folder / "simd_example" / ("_kernels" + sysconfig.get_config_var("EXT_SUFFIX"))
    command = [compiler(), "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", *flags_of_setup(), *march]
    command += ["-I", sysconfig.get_path("include"), os.path.join(PACKAGE, "_kernels.c"), "-o", str(extension)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def run(folder: Path, code: str, given: str = "") -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    command = [sys.executable, "-I", "-B", "-c", program]
    return subprocess.run(command, input=given, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The plain build and one for each level that this machine has."""
    compiler()
    march = {"plain": list[str]()}
    for level in levels_of_this_machine():
        march[level] = ["-march=x86-64" + ("" if level == "v1" else f"-{level}")]
    return {name: build(tmp_path_factory.mktemp(name), flags) for name, flags in march.items()}


@pytest.fixture(scope="module")
def answers(builds: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """What every build says of the same vectors and codes."""
    choose = random.Random(817)
    given = {
        "dimension": DIMENSION,
        "queries": [choose.uniform(-1, 1) for _ in range(5 * DIMENSION)],
        "vectors": [choose.uniform(-1, 1) for _ in range(40 * DIMENSION)],
        "whole": [choose.randint(-9, 9) for _ in range(20 * DIMENSION)],
        "codes": choose.randbytes(20 * DIMENSION).hex(),
    }
    made = {}
    for name, folder in builds.items():
        done = run(folder, ANSWERS, json.dumps(given))
        assert done.returncode == 0, f"{name}: {done.stderr}"
        made[name] = json.loads(done.stdout)
    return made


def test_every_build_agrees_with_the_reference(answers: dict[str, dict[str, Any]]) -> None:
    for name, answer in answers.items():
        assert {key: answer[key] for key in ("exact", "codes")} == answer["reference"], name


def test_no_build_rounds_otherwise_than_the_plain_one(answers: dict[str, dict[str, Any]]) -> None:
    for name, answer in answers.items():
        assert (name, answer["dots"]) == (name, answers["plain"]["dots"])
        assert (name, answer["nearest"]) == (name, answers["plain"]["nearest"])


def test_each_build_is_for_the_level_it_was_built_for(answers: dict[str, dict[str, Any]]) -> None:
    assert {name: answer["level"] for name, answer in answers.items() if name != "plain"} == {
        name: name for name in answers if name != "plain"
    }


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("dot(f, array('f', [1]))", "expected two buffers of one size, found 8 and 4 bytes"),
        (
            "dot(array('d', [1]), array('d', [1]))",
            "expected a buffer of aligned float32 (format 'f'), found format 'd'",
        ),
        ("dot(m, m)", "expected a buffer of aligned float32 (format 'f'), found format 'f' that is not"),
        ("hamming(b'ab', b'a')", "expected two buffers of one size, found 2 and 1 bytes"),
        ("nearest(f, f, 3)", "expected whole rows of 3 items and at least one to search, found 8 and 8 bytes"),
        ("nearest(f, array('f'), 2)", "expected whole rows of 2 items and at least one to search, found 8 and 0 bytes"),
        ("nearest(f, f, 0)", "expected whole rows of 0 items and at least one to search, found 8 and 8 bytes"),
        ("nearest(f, f, 2**62)", "expected whole rows of 4611686018427387904 items"),
        ("nearest_codes(b'ab', b'ab', -1)", "expected whole rows of -1 items"),
    ],
)
def test_buffers_that_do_not_fit_are_refused(builds: dict[str, Path], call: str, expected: str) -> None:
    code = "from array import array\nfrom simd_example import *\nf = array('f', [1, 2])"
    code += f"\nm = memoryview(bytes(9))[1:].cast('f')\n{call}"
    done = run(builds["plain"], code)
    assert f"ValueError: {expected}" in done.stderr


def test_no_query_finds_nothing(builds: dict[str, Path]) -> None:
    code = "from array import array\nfrom simd_example import *\nprint(nearest(array('f'), array('f', [1]), 1))"
    assert run(builds["plain"], code).stdout == "[]\n"

"""What the shared machine costs a process that has nothing else loaded: no `os`, and the same variables without it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.interpreters import INTERPRETERS

TEMPLATE = Path(__file__).parents[2] / "sdk/src/variantkit/provider/template"
LOOK = """
import sys
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "loaded":
    import os
    os.environ["CHANGED"] = "here"
from package._machine import Machine, read_variables
machine = Machine()
machine.exists("/dev/null"), machine.read("/no/such/file"), machine.read("/proc/version"), machine.names("/dev")
print(ascii([read_variables(("TEXT", "EMPTY", "BYTES", "CHANGED", "UNSET")), "os" in sys.modules]))
"""


def look(python: str, how: str) -> str:
    environment = {b"TEXT": "ü".encode(), b"EMPTY": b"", b"BYTES": b"\xff", b"LC_ALL": b"C.UTF-8"}
    command = [python, "-I", "-S", "-c", LOOK, str(TEMPLATE), how]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(os.name != "posix", reason="Windows has its environment in other letters than it was given")
@pytest.mark.parametrize("python", INTERPRETERS)
def test_looking_at_a_machine_does_not_load_os(python: str) -> None:
    assert look(python, "bare") == r"[{'TEXT': '\xfc', 'EMPTY': '', 'BYTES': '\udcff'}, False]" + "\n"


@pytest.mark.skipif(os.name != "posix", reason="Windows has its environment in other letters than it was given")
@pytest.mark.parametrize("python", INTERPRETERS)
def test_where_os_is_loaded_its_changes_of_the_environment_count(python: str) -> None:
    expected = r"[{'TEXT': '\xfc', 'EMPTY': '', 'BYTES': '\udcff', 'CHANGED': 'here'}, True]" + "\n"
    assert look(python, "loaded") == expected

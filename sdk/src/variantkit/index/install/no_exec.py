"""No-exec mode of an installer: nothing is built, so that an installation runs nobody's code.

`--only-binary :all:` keeps pip from building what an index offers, but not a directory, a repository or an archive that
a requirement, a requirements file or a wheel's own metadata names. So pip runs with an audit hook that refuses every
new process: whatever pip would build, it builds in one. uv's `--no-build` covers all of these but editable ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.index.install.requirements import option_of, requirement_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

# Runs under the target's Python. The first argument is `pip`, or the file by which pip runs from elsewhere. Modules
# of the current directory are nobody's business here.
PROGRAM = """
import runpy, sys
REFUSED = {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn"}
def refuse(event, arguments):
    if event in REFUSED:
        raise PermissionError("no-exec mode: nothing is built, and no program is started")
sys.addaudithook(refuse)
sys.path[:] = [entry for entry in sys.path if entry]
del sys.argv[0]
if sys.argv[0] == "pip":
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
else:
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def guarded_pip(command: Sequence[str], python: str) -> list[str]:
    """The command that starts pip for the interpreter `python`, with the guard put before it.

    `command` is `PYTHON -m pip install`, or `PYTHON -m pip --python TARGET install` for a target without pip. Raises
    InputError when that pip cannot be run from outside.
    """
    if "--python" not in command:
        return [command[0], "-c", PROGRAM, "pip", "install"]
    from importlib.util import find_spec

    spec = find_spec("pip")
    runner = os.path.join(os.path.dirname(spec.origin), "__pip-runner__.py") if spec and spec.origin else ""
    if not os.path.isfile(runner):
        raise InputError(f"--no-exec: {python} has no pip, and the one of variantkit is not usable for it; use uv")
    return [python, "-c", PROGRAM, runner, "install"]


def require_nothing_editable(arguments: Sequence[str]) -> None:
    """Raise InputError for an editable installation, which is always a build, in arguments or requirements files."""
    for argument in arguments:
        if argument.startswith("--editable"[: max(len(argument.partition("=")[0]), 4)]) or _is_editable(argument):
            raise InputError(f"--no-exec: -- {argument}: an editable installation is a build; leave it out")
    for where, line in requirement_lines(arguments):
        if _is_editable(line):
            raise InputError(f"--no-exec: {where}: an editable installation is a build; take that line out")


def _is_editable(text: str) -> bool:
    return option_of(text)[0] in ("-e", "--editable")

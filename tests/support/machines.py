"""A machine of its own for tests: programs run in a process whose lists, memory and home lie in one folder.

As a module it is that process: `python -m support.machines FOLDER PROGRAM WORD…`.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = {"variantkit": "variantkit.cli.main", "variantkit-allowlist": "variantkit_allowlist.cli.main"}


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@functools.cache
def can_cut_off() -> bool:
    """Whether this system lets a process have a network of its own, with nothing in it."""
    command = ["unshare", "-rn", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


class Machine:
    """`folder` holds etc/, home/ and memory/; commands run in `folder`/work."""

    def __init__(self, folder: str | os.PathLike[str], *, cut_off: bool = False) -> None:
        self.folder = os.fspath(folder)
        self.work = os.path.join(self.folder, "work")
        self.cut_off = cut_off
        self.environ: dict[str, str] = {}
        for name in ("work", "home", "etc", "memory", "cache"):
            os.makedirs(os.path.join(self.folder, name), mode=0o700, exist_ok=True)

    @property
    def list_path(self) -> str:
        """Where this machine's system list lies."""
        return os.path.join(self.folder, "etc", "approved.json")

    def run(self, program: str, *words: str, environ: Mapping[str, str] | None = None) -> Ended:
        """Run one of PROGRAMS there; without any network where the machine is cut off and the system can do that."""
        command = [sys.executable, "-m", "support.machines", self.folder, program, *words]
        if self.cut_off and can_cut_off():
            command = ["unshare", "-rn", *command]
        done = subprocess.run(
            command,
            cwd=self.work,
            env=self._environ() | dict(environ or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def _environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        home = os.path.join(self.folder, "home")
        own = {"HOME": home, "XDG_CACHE_HOME": os.path.join(self.folder, "cache"), "PYTHONPATH": TESTS}
        return kept | own | self.environ


def _run_as(folder: str, program: str, words: list[str]) -> int:
    """Be that machine: paths that the code takes from the system are the folder's."""
    import importlib

    from variantkit.machine import settings
    from variantkit.trust import levels

    levels.system_path = lambda: os.path.join(folder, "etc", "approved.json")
    levels.user_path = lambda: os.path.join(folder, "home", "approved.json")
    levels.memory_path = lambda: os.path.join(folder, "memory")
    for name in ("system_path", "user_path", "memory_path"):
        if hasattr(settings, name):
            setattr(settings, name, getattr(levels, name))
    settings.bundle_directory = lambda: None
    sys.argv = [program, *words]
    code: int = importlib.import_module(PROGRAMS[program]).main(words)
    return code


if __name__ == "__main__":
    sys.exit(_run_as(sys.argv[1], sys.argv[2], sys.argv[3:]))

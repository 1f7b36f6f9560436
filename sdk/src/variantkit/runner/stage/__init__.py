"""The stage: in the child, a fake machine around one provider, and a record of what it asked the machine for.

Conformance asks a provider on machines that are not here: without its hardware, with a driver that hangs, with files
that hold noise. `set_up` wraps the worker's two calls into the provider, so that the system's functions are replaced
right before the provider's code comes in; the worker itself knows nothing of it, and a provider that is asked in
earnest never meets it. Like the worker this runs under `python -I -S` from 3.9 on and imports nothing heavy.

It is no sandbox: the provider shares this process and could undo all of it. It shows honest code other machines.
"""

from __future__ import annotations

import marshal
import os
import sys
import zlib  # noqa: F401  loaded before the provider, like in the worker

from .files import replace_files
from .interpreter import Habits, Imports, Variables
from .libraries import replace_libraries
from .machine import FakeMachine
from .processes import replace_processes
from .records import Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ASKED = ("get_supported_configs", "get_all_configs")


def set_up(worker: ModuleType, path: str) -> None:
    """Stage the machine that the file `path` describes around whatever `worker` will load."""
    with open(path, "rb") as stream:
        machine = FakeMachine(marshal.load(stream))  # noqa: S302  written a moment ago by the process that started us
    load, call = worker.load, worker.call
    recorders: list[Recorder] = []

    def staged_load(endpoint: str, wheel: str) -> object:
        recorder = _raise_curtain(worker, machine, wheel, (load.__code__, call.__code__))
        recorders.append(recorder)
        habits = Habits(recorder, wheel)
        try:
            plugin = load(endpoint, wheel)
        finally:
            habits.compare("import")
        for clause in missing_parts(plugin, worker.needs_arguments):
            recorder.note("shape", clause)
        return plugin

    def staged_call(plugin: object, name: str) -> object:
        answer = call(plugin, name)
        if name in ASKED:
            said = worker.encode(worker.plain_features(answer))
            recorders[0].note("said", name, said[: 1 << 18])
            if machine.twice and worker.encode(worker.plain_features(call(plugin, name))) != said:
                recorders[0].note("unstable", name)
        return answer

    setattr(worker, "Importer", worker.WheelImporter)  # noqa: B010  records name the line that asked, by its file
    setattr(worker, "load", staged_load)  # noqa: B010  a module's names are not assigned to from outside
    setattr(worker, "call", staged_call)  # noqa: B010
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__]:
        del sys.modules[name]


def missing_parts(plugin: object, needs_arguments: Callable[[object, str], bool]) -> list[str]:
    """The clauses that the plugin breaks before it is called: both functions are looked at, not the first alone."""
    found = []
    for name in ASKED:
        function = getattr(plugin, name, None)
        if function is None:
            found.append("missing-" + name.replace("_", "-"))
        elif not callable(function) or needs_arguments(plugin, name):
            found.append("not-callable-without-arguments")
    return found


def _raise_curtain(worker: ModuleType, machine: FakeMachine, wheel: str, codes: tuple[object, object]) -> Recorder:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    number = os.open(machine.records, flags, 0o600)
    recorder = Recorder(number, wheel, worker.encode, codes)
    _limit(machine)
    Variables.replace(machine, recorder)
    sys.meta_path.insert(0, Imports(recorder))
    replace_libraries(machine, recorder)
    replace_processes(machine, recorder)
    replace_files(machine, recorder)
    return recorder


def _limit(machine: FakeMachine) -> None:
    """No core files of crashes that are meant, and an end to memory where files have none."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if machine.memory and sys.platform == "linux":  # elsewhere what has no end here is merely large
        resource.setrlimit(resource.RLIMIT_AS, (machine.memory, machine.memory))

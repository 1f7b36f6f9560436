"""The interpreter around the provider: the variables it is shown, and what an import changed in it."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .machine import FakeMachine
    from .records import Recorder

    _Environ = os._Environ[str]
else:
    _Environ = os._Environ

_ENVIRONMENT_FILES = {os.__file__, os.getenv.__code__.co_filename, os._Environ.get.__code__.co_filename, __file__}
_LISTS = ("path", "meta_path", "path_hooks")
_OBJECTS = ("stdout", "stderr", "stdin", "excepthook", "displayhook")


class Variables(_Environ):
    """The environment, which writes down who reads or sets which variable."""

    _recorder: Recorder
    _process: int

    @classmethod
    def replace(cls, machine: FakeMachine, recorder: Recorder) -> None:
        """Put the machine's variables into the environment, and the environment under watch."""
        for name, value in machine.variables.items():
            os.environ[name] = value
        os.environ.__class__ = cls
        cls._recorder, cls._process = recorder, os.getpid()

    def __getitem__(self, key: str) -> str:
        self._note_reader(str(key))
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note_reader(str(key))
        return super().__contains__(key)

    def _note_reader(self, key: str) -> None:
        # What the standard library reads for itself, such as PATH for a program, is no wish of the provider's.
        frame = sys._getframe(2)
        while frame.f_back is not None and frame.f_code.co_filename in _ENVIRONMENT_FILES:
            if frame.f_code.co_name == "pop":
                return  # taken away, not read
            frame = frame.f_back
        if frame.f_code.co_filename.startswith(self._recorder.wheel):
            self._recorder.note("variable", key)

    def _note_change(self, key: str) -> None:
        if os.getpid() == self._process:  # a child of the provider's own may do as it likes
            self._recorder.note("change", f"os.environ[{key!r}]")

    def __setitem__(self, key: str, value: str) -> None:
        self._note_change(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._note_change(key)
        super().__delitem__(key)


class Imports:
    """A finder that finds nothing: it writes down which modules are looked for that the standard library lacks."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if not _is_known(name):
            self._recorder.note("import", name)


class Habits:
    """What well-behaved code leaves as it is when it is imported: modules of others, logging, the search path."""

    def __init__(self, recorder: Recorder, wheel: str) -> None:
        self._recorder = recorder
        self._wheel = wheel
        self._modules = dict(sys.modules)
        self._lists = {name: list(getattr(sys, name)) for name in _LISTS}
        self._objects = {name: getattr(sys, name) for name in _OBJECTS}
        self._signals = dict(_signal_handlers())

    def compare(self, when: str) -> None:
        """Write down what is no longer as it was."""
        note = self._recorder.note
        for name, module in list(sys.modules.items()):
            before = self._modules.get(name)
            fine = self._may_be_there(name, module) if before is None else before is module
            if not fine:
                note("module", name, when)
        for name, entries in self._lists.items():
            if list(getattr(sys, name)) != entries:
                note("change", f"sys.{name}", when)
        for name, found in self._objects.items():
            if getattr(sys, name) is not found:
                note("change", f"sys.{name}", when)
        for number, handler in _signal_handlers():
            if self._signals[number] != handler:
                note("change", f"the handler of signal {number}", when)
        logging = sys.modules.get("logging")
        root = getattr(logging, "root", None)
        if root is not None and (root.handlers or root.level != 30):
            note("logging", "the root logger", when)

    def _may_be_there(self, name: str, module: object) -> bool:
        """Whether a new module is the wheel's own under its own name, or the standard library's."""
        spec = getattr(module, "__spec__", None)
        archive = getattr(getattr(spec, "loader", None), "archive", "")
        if archive == self._wheel:
            return bool(spec is not None and spec.name == name)
        origin = str(getattr(spec, "origin", None) or getattr(module, "__file__", None) or "")
        if origin.startswith(self._wheel):
            return False
        library = (os.path.dirname(os.__file__), *(entry for entry in sys.path if entry and entry != self._wheel))
        return (origin in ("", "built-in", "frozen") and _is_known(name)) or origin.startswith(library)


def _is_known(name: str) -> bool:
    known = getattr(sys, "stdlib_module_names", None)  # from 3.10 on
    return known is None or name.partition(".")[0] in known


def _signal_handlers() -> Iterator[tuple[int, object]]:
    try:
        from _signal import getsignal  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return
    for number in (1, 2, 3, 11, 13, 14, 15, 17):
        try:
            yield number, getsignal(number)
        except (ValueError, OSError):
            continue

"""The child that asks one provider: imports the plugin from its wheel, calls it, writes the answer.

It runs under `python -I -S` of any Python from 3.9 on, imports nothing of the SDK, and of the standard library only
what starts fast (`json` alone would double the start). Whatever it says is hostile to the parent, because the
provider shares this process; the checks here make for good messages, those of the parent for safety.
"""

import sys
import zipimport

# zipimport imports zlib at the first compressed module, when it might come from the wheel or be out of reach.
import zlib  # noqa: F401

# What `os` is made of, and in every process: `os` itself takes a millisecond, as much as most providers.
if sys.platform == "win32":
    import nt as system
else:
    import posix as system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

MAX_ANSWER = 1 << 20
MAX_EVIDENCE = 700_000  # leaves room for the answer beside it
MAX_MESSAGE = 500
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(32), ord('"'), ord("\\"), 127)}


class Refusal(Exception):  # noqa: N818  the end of asking, not an error of the worker's
    """Why there is no answer: a code of `runner.answers`, a clause of the contract or nothing, and a detail."""

    def __init__(self, code: str, clause: str, detail: str) -> None:
        super().__init__(code, clause, detail)
        self.parts = [code, clause, detail[:MAX_MESSAGE]]


def encode(value: object) -> str:
    """Write lists, dicts with text keys, text, bool and None as JSON; of anything else, the name of its type."""
    if isinstance(value, str):
        return '"' + (value if value.isidentifier() else value.translate(_ESCAPES)) + '"'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if type(value) is list:
        return encode_plain_texts(value) or "[" + ",".join([encode(item) for item in value]) + "]"
    if type(value) is dict:
        return "{" + ",".join([encode(key) + ":" + encode(item) for key, item in value.items()]) + "}"
    return '{"python-type":' + encode(type(value).__name__) + "}"


def encode_plain_texts(items: "list[object]") -> str:
    """The list when it holds nothing but text that needs no escape, as lists of values do; otherwise nothing."""
    try:
        text = '","'.join(items)  # type: ignore[arg-type]
    except TypeError:
        return ""
    plain = text.isascii() and text.isprintable() and "\\" not in text
    return f'["{text}"]' if plain and text.count('"') == 2 * (len(items) - 1) else ""


def close_others(kept: frozenset[int]) -> None:
    """Close what the parent's own parents left open and inheritable; the parent itself leaves nothing."""
    directory = "/proc/self/fd" if sys.platform.startswith("linux") else "/dev/fd"
    try:
        numbers = [int(name) for name in system.listdir(directory)]
    except (OSError, ValueError):
        return
    for number in numbers:
        if number not in kept:
            try:
                system.close(number)
            except OSError:
                continue


def private(result: int) -> int:
    """Return the result's descriptor, moved away from 0-2, where prints and closes of the provider would meet it."""
    if result > 2:
        system.set_inheritable(result, False)
        return result
    moved = system.dup(result)
    system.dup2(2, result)
    return moved


class WheelImporter(zipimport.zipimporter):
    """zipimport without its second compilation: to tell a module's file name it compiles the module and drops it.

    A provider is compiled at every start, which costs as much as all else here together.
    """

    def get_filename(self, fullname: str) -> str:
        """Where the source of a module is; nothing but source is looked for, see `leave_compiled_modules`."""
        rest = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{rest}"


class QuickImporter(WheelImporter):
    """The same without `compile`, whose first call makes the types of all syntax trees, for a millisecond or two.

    What it runs has no file name of its own; `describe` finds it by the module's.
    """

    if hasattr(zipimport.zipimporter, "exec_module"):  # Python 3.10

        def exec_module(self, module: "ModuleType") -> None:
            """Run the module's source; this file has no `__future__` imports, because `exec` would pass them on."""
            exec(self.get_data(self.get_filename(module.__name__)), module.__dict__)  # noqa: S102


Importer = QuickImporter


def leave_compiled_modules() -> None:
    """Make zipimport look for source only: a reviewer reads the source, so no compiled file may stand in for it."""
    order = getattr(zipimport, "_zip_searchorder", ())
    # The name is private: where it is gone, the canonical-wheel check, which refuses .pyc, is what remains.
    setattr(zipimport, "_zip_searchorder", tuple(entry for entry in order if not entry[1]))  # noqa: B010


def describe(error: BaseException, wheel: str) -> str:
    """`ValueError: bad version (pkg/_parse.py:12)`: the error, and the last line of the wheel on its way."""
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:  # noqa: BLE001  its __str__ is the provider's
        text = type(error).__name__
    place, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__file__")
        if type(name) is str and name.startswith(wheel):
            place = f" ({name[len(wheel) + 1 :]}:{trace.tb_lineno})"
        trace = trace.tb_next
    return text[: MAX_MESSAGE - len(place)] + place


def load(endpoint: str, wheel: str) -> object:
    """Import what `module:object.path` names, from the wheel and nowhere else (PEP 850 draft, "API endpoint")."""
    name, _, path = endpoint.partition(":")
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if error.name and (name + ".").startswith(error.name + "."):
            raise Refusal("plugin-not-in-wheel", "", f"the wheel has no module {error.name}") from None
        raise
    plugin: object = sys.modules[name]
    loader = getattr(getattr(plugin, "__spec__", None), "loader", None)
    if not isinstance(loader, zipimport.zipimporter) or loader.archive != wheel:
        raise Refusal("plugin-not-in-wheel", "", f"module {name} does not come from the wheel")
    for attribute in path.split(".") if path else ():
        try:
            plugin = getattr(plugin, attribute)
        except AttributeError:
            raise Refusal("contract-violated", "missing-object", f"{endpoint} does not exist") from None
    return plugin


def needs_arguments(plugin: object, name: str) -> bool:
    """Whether it is a plain function that cannot be called as it is, as a method of old-style instances is."""
    function = getattr(plugin, name)
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    bound = 1 if getattr(function, "__self__", None) is not None else 0
    required = code.co_argcount - bound - len(function.__defaults__ or ())
    return bool(required > 0)


def call(plugin: object, name: str) -> object:
    """Call one function of the plugin, or say which clause of the contract forbids it."""
    function = getattr(plugin, name, None)
    if function is None:
        raise Refusal("contract-violated", "missing-" + name.replace("_", "-"), f"the plugin has no {name}()")
    if not callable(function) or needs_arguments(plugin, name):
        expected = "a function, class method or static method without arguments"
        raise Refusal("contract-violated", "not-callable-without-arguments", f"{name} must be {expected}")
    return function()


def plain_features(configs: object) -> object:
    """Turn a list of feature configs into what `encode` writes; attributes that are missing stay missing."""
    if type(configs) is not list:
        return configs
    names = ("name", "values", "multi_value")
    return [{name: getattr(config, name) for name in names if hasattr(config, name)} for config in configs]


def plain_diagnostics(plugin: object, wheel: str) -> object:
    """What the optional `get_diagnostics` says; it explains the answer, so its failure does not cost the answer."""
    if getattr(plugin, "get_diagnostics", None) is None:
        return []
    try:
        diagnostics = call(plugin, "get_diagnostics")
        if type(diagnostics) is list:
            return [list(entry) if isinstance(entry, tuple) else entry for entry in diagnostics]
    except BaseException as error:  # noqa: BLE001
        return [["raised", "get_diagnostics: " + describe(error, wheel)]]
    return diagnostics


def plain_evidence(plugin: object) -> object:
    """What the optional `get_evidence` says it read, as far as there is room; None of a plugin that has none."""
    if getattr(plugin, "get_evidence", None) is None:
        return None
    evidence = call(plugin, "get_evidence")
    if type(evidence) is not list:
        return evidence
    room, kept = MAX_EVIDENCE, []
    for entry in evidence:
        kept.append(list(entry) if isinstance(entry, tuple) else entry)
        room -= len(encode(kept[-1]).encode("utf-8", "backslashreplace"))
        if room < 0:
            return [*kept[:-1], ["!cut", str(len(evidence) - len(kept) + 1)]]
    return kept


def answer(endpoint: str, wheel: str, with_evidence: bool = False) -> str:
    """Ask the plugin; the answer, or why there is none, as one line of JSON."""
    try:
        plugin = load(endpoint, wheel)
        document = {
            "supported": plain_features(call(plugin, "get_supported_configs")),
            "all": plain_features(call(plugin, "get_all_configs")),
            "all_properties_compatible": getattr(plugin, "all_properties_compatible", False),
            "diagnostics": plain_diagnostics(plugin, wheel),
        }
        if with_evidence:
            document["evidence"] = plain_evidence(plugin)
        text = encode(document)
        if len(text) >= MAX_ANSWER:
            raise Refusal("output-too-large", "", f"the answer has {len(text)} characters")
    except Refusal as refusal:
        return encode({"failure": refusal.parts})
    except BaseException as error:  # noqa: BLE001  SystemExit and KeyboardInterrupt are no answers either
        return encode({"failure": ["raised", "", describe(error, wheel)]})
    return text


def flush_prints() -> None:
    """Send what the provider printed on its way, so that the parent can report it."""
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105  contextlib is not loaded here
            stream.flush()
        except BaseException:  # noqa: BLE001, S110  closed or replaced by the provider
            pass


def limit_life(seconds: int) -> None:
    """Die by alarm when the parent died before it could end this process; the deadline itself is the parent's."""
    try:
        # The builtin module under `signal`, which would import enum for 1.5 ms.
        from _signal import alarm  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return
    alarm(seconds)


def main(arguments: list[str]) -> None:
    """Run with RESULT-FD SECONDS WHEEL-FD|-1 WHEEL-PATH ENDPOINT [evidence], and leave the process."""
    result, seconds, wheel_number = map(int, arguments[:3])
    wheel, endpoint = arguments[3:5]
    limit_life(seconds)
    close_others(frozenset((0, 1, 2, result, wheel_number)))
    result = private(result)
    if wheel_number >= 0:
        system.set_inheritable(wheel_number, False)
    leave_compiled_modules()
    sys.dont_write_bytecode = True
    sys.argv = [""]
    # The seal: above, everything that the worker needs is imported; below, the wheel's code comes in. The operating
    # system's sandbox belongs exactly here. None is put on yet: the level is "process".
    sys.path_hooks.insert(0, Importer)
    sys.path.append(wheel)
    line = (answer(endpoint, wheel, arguments[5:] == ["evidence"]) + "\n").encode("utf-8", "backslashreplace")
    flush_prints()
    while line:
        line = line[system.write(result, line) :]
    # No interpreter shutdown: exit handlers and threads of the provider have no say after the answer.
    system._exit(0)

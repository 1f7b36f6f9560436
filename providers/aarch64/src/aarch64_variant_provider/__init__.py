"""The variant provider for namespace `aarch64`: Arm architecture versions and instruction-set extensions."""

# Annotations are strings, one by one: importing __future__ would cost a tenth of a whole answer on other processors.

__all__ = ["get_all_configs", "get_diagnostics", "get_evidence", "get_supported_configs"]

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from ._everything import Answer
    from ._parse import Facts

    Sources = list[tuple[str, str]]

_reading: "list[tuple[Sources, Facts | None]]" = []  # the last one, for the questions that follow an answer


class _FeatureConfig:
    """One feature and its values, best first (PEP 850 "Variant feature config class")."""

    __slots__ = ("multi_value", "name", "values")

    def __init__(self, name: str, values: "list[str]", multi_value: bool) -> None:
        self.name = name
        self.values = values
        self.multi_value = multi_value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, values={self.values!r}, multi_value={self.multi_value!r})"


def get_supported_configs() -> "list[_FeatureConfig]":
    """What this machine supports, best first: `version`, then extensions (`on`), then `microarchitecture`."""
    _reading[:] = [_read()]
    facts = _reading[0][1]
    if facts is None:
        return []
    from ._rules import decide_answer

    return _as_configs(decide_answer(facts))


def get_all_configs() -> "list[_FeatureConfig]":
    """Every feature and value of this version, whatever the machine and the environment."""
    from ._everything import decide_everything

    return _as_configs(decide_everything())


def get_diagnostics() -> "list[tuple[str, str]]":
    """What the user should know of how the last answer came about, as (code, sentence)."""
    facts = _last_reading()[1]
    if facts is None:
        return []
    from ._rules import diagnose

    return diagnose(facts)


def get_evidence() -> "Sources":
    """What was read for the last answer, word for word, as (path, text); `/reports/NAME` holds what the system said."""
    return list(_last_reading()[0])


def _last_reading() -> "tuple[Sources, Facts | None]":
    if not _reading:
        _reading.append(_read())
    return _reading[0]


def _read() -> "tuple[Sources, Facts | None]":
    """The sources and the facts; no facts, and next to no work, for the interpreter of another architecture."""
    from ._interpreter import name_interpreter

    interpreter = name_interpreter()
    if not interpreter.startswith("aarch64 "):
        return [("/reports/interpreter", interpreter)], None
    from ._machine import Machine, read_variables
    from ._parse import parse_facts
    from ._probe import probe_machine
    from ._tables import VARIABLES

    machine = Machine()
    return machine.sources, parse_facts(probe_machine(machine), read_variables(VARIABLES))


def _as_configs(answer: "Answer") -> "list[_FeatureConfig]":
    return [_FeatureConfig(name, list(values), multi) for name, values, multi in answer]

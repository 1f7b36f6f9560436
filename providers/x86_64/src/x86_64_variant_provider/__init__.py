"""The variant provider for namespace `x86_64`: micro-architecture levels, instruction-set extensions, CPU families."""

__all__ = ["get_all_configs", "get_diagnostics", "get_evidence", "get_supported_configs"]

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from ._parse import Facts
    from ._probe import ThisMachine
    from ._rules import Answer

_reading: "list[tuple[ThisMachine, Facts]]" = []  # the last one, for the questions that follow an answer


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
    """What this machine supports: `level` (v4 to v1), extensions (`on`, newest first), `microarchitecture`."""
    from ._rules import decide_answer

    _reading[:] = [_read()]
    return _as_configs(decide_answer(_reading[0][1]))


def get_all_configs() -> "list[_FeatureConfig]":
    """Every feature and value of this version, whatever the machine and the environment."""
    from ._rules import decide_everything

    return _as_configs(decide_everything())


def get_diagnostics() -> "list[tuple[str, str]]":
    """What the user should know of how the last answer came about, as (code, sentence)."""
    from ._rules import diagnose

    return diagnose(_last_reading()[1])


def get_evidence() -> "list[tuple[str, str]]":
    """What was read for the last answer, word for word, as (path, text); `/reports/cpuid` holds the registers."""
    return list(_last_reading()[0].sources)


def _last_reading() -> "tuple[ThisMachine, Facts]":
    if not _reading:
        _reading.append(_read())
    return _reading[0]


def _read() -> "tuple[ThisMachine, Facts]":
    from ._parse import parse_facts
    from ._probe import ThisMachine, probe_machine, probe_variables

    machine = ThisMachine()
    return machine, parse_facts(probe_machine(machine), probe_variables())


def _as_configs(answer: "Answer") -> "list[_FeatureConfig]":
    return [_FeatureConfig(name, values, multi) for name, values, multi in answer]

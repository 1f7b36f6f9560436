"""The variant provider for namespace `amd`: architectures of AMD GPUs, and the versions of ROCm."""

from __future__ import annotations

__all__ = ["get_all_configs", "get_diagnostics", "get_evidence", "get_supported_configs"]

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from ._machine import Machine
    from ._parse import Facts
    from ._rules import Answer

_reading: list[tuple[Machine, Facts]] = []  # the last one, for the questions that follow an answer


class _FeatureConfig:
    """One feature and its values, best first (PEP 850 "Variant feature config class")."""

    __slots__ = ("multi_value", "name", "values")

    def __init__(self, name: str, values: list[str], multi_value: bool) -> None:
        self.name = name
        self.values = values
        self.multi_value = multi_value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, values={self.values!r}, multi_value={self.multi_value!r})"


def get_supported_configs() -> list[_FeatureConfig]:
    """What this machine supports, best first."""
    from ._rules import decide_answer

    _reading[:] = [_read()]
    return _as_configs(decide_answer(_reading[0][1]))


def get_all_configs() -> list[_FeatureConfig]:
    """Every feature and value of this version, whatever the machine and the environment."""
    from ._rules import decide_everything

    return _as_configs(decide_everything())


def get_diagnostics() -> list[tuple[str, str]]:
    """What the user should know of how the last answer came about, as (code, sentence)."""
    from ._rules import diagnose

    return diagnose(_last_reading()[1])


def get_evidence() -> list[tuple[str, str]]:
    """What was read for the last answer, word for word, as (path, text); `/reports/NAME` holds what a tool said."""
    return list(_last_reading()[0].sources)


def _last_reading() -> tuple[Machine, Facts]:
    if not _reading:
        _reading.append(_read())
    return _reading[0]


def _read() -> tuple[Machine, Facts]:
    from ._machine import Machine, read_variables, seconds_allowed
    from ._parse import parse_facts
    from ._probe import probe_machine
    from ._tables import VARIABLES

    variables = read_variables(VARIABLES)
    machine = Machine(seconds=seconds_allowed(variables))
    return machine, parse_facts(probe_machine(machine), variables)


def _as_configs(answer: Answer) -> list[_FeatureConfig]:
    return [_FeatureConfig(name, list(values), multi) for name, values, multi in answer]

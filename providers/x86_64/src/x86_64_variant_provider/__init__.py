"""The variant provider for namespace `x86_64`: micro-architecture levels and instruction-set extensions."""

from __future__ import annotations

__all__ = ["get_all_configs", "get_diagnostics", "get_supported_configs"]

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from ._parse import Facts, Row
    from ._rules import Answer


class _FeatureConfig:
    """One feature and its values, best first (PEP 850 "Variant feature config class")."""

    __slots__ = ("multi_value", "name", "values")

    def __init__(self, name: str, values: list[str]) -> None:
        self.name = name
        self.values = values
        self.multi_value = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, values={self.values!r}, multi_value={self.multi_value!r})"


def get_supported_configs() -> list[_FeatureConfig]:
    """What this machine supports, best first: `level` (v4 to v1), then extensions (`on`), newest first."""
    from ._rules import decide_answer

    return _as_configs(decide_answer(*_read()))


def get_all_configs() -> list[_FeatureConfig]:
    """Every feature and value of this version, whatever the machine and the environment."""
    from ._parse import parse_rows
    from ._rules import decide_everything

    return _as_configs(decide_everything(parse_rows()))


def get_diagnostics() -> list[tuple[str, str]]:
    """What the user should know of how the answer came about, as (code, sentence)."""
    from ._rules import diagnose

    return diagnose(*_read())


def _read() -> tuple[Facts, dict[str, Row]]:
    from ._parse import parse_facts, parse_rows
    from ._probe import probe_machine, probe_variables

    rows = parse_rows()
    return parse_facts(probe_machine(), probe_variables(), rows), rows


def _as_configs(answer: Answer) -> list[_FeatureConfig]:
    return [_FeatureConfig(name, values) for name, values in answer]

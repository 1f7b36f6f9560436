"""The machine's words as facts."""

from __future__ import annotations

from ._tables import VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._names import Version
    from ._probe import Evidence
    from ._reports import Gpu


class Facts:
    """What is known of the machine's GPUs and of ROCm."""

    __slots__ = (
        "disabled",
        "endings",
        "evidence",
        "forced",
        "forced_by",
        "gpus",
        "notes",
        "preferred",
        "rocm",
        "rocm_source",
        "unclear",
    )

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.gpus: list[Gpu] = []  # in the order of whoever lists them
        self.unclear: list[tuple[str, str]] = []  # (source, why it is not counted)
        self.endings: list[tuple[str, str]] = []  # reports that ended badly: (name, how)
        self.rocm: Version | None = None
        self.rocm_source = ""
        self.disabled = False
        self.forced: list[str] = []
        self.forced_by = ""
        self.preferred: list[str] = []
        self.notes: list[tuple[str, str]] = []


def parse_facts(evidence: Evidence, variables: Mapping[str, str]) -> Facts:
    facts = Facts(evidence)
    if evidence.nodes or evidence.reports or evidence.versions:
        from ._reports import take_reports

        take_reports(facts)
    if any(variables.get(name) for name in VARIABLES):
        from ._overrides import take_overrides

        take_overrides(facts, variables)
    return facts

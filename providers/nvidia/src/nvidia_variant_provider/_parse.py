"""Facts about the GPUs and their driver, from what was read and what the environment forces."""

from __future__ import annotations

from ._tables import VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._probe import Evidence
    from ._reports import Pair


class Facts:
    """What is known, and from where. `capabilities` has one pair for every GPU that told it; `notes` are the
    diagnostics that came up on the way, as (code, sentence).
    """

    __slots__ = (
        "capabilities",
        "capabilities_source",
        "cuda",
        "cuda_source",
        "driver",
        "driver_source",
        "forced_capability",
        "forced_cuda",
        "lost",
        "notes",
        "place",
        "policy",
    )

    def __init__(self, place: str) -> None:
        self.place = place
        self.driver = self.driver_source = ""
        self.cuda: Pair | None = None
        self.cuda_source = ""
        self.capabilities: list[Pair] = []
        self.capabilities_source = ""
        self.lost: list[Pair] = []
        self.forced_cuda: Pair | None = None
        self.forced_capability: Pair | None = None
        self.policy = "union"
        self.notes: list[tuple[str, str]] = []


def parse_facts(evidence: Evidence, variables: Mapping[str, str]) -> Facts:
    """Join what the sources said with what `variables` force."""
    facts = Facts(evidence["place"])
    if any(variables.get(name) for name in VARIABLES):
        from ._sources import take_overrides

        take_overrides(facts, variables)
    if facts.place:
        from ._sources import take_sources

        take_sources(facts, evidence)
    return facts

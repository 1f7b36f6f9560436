"""The machine's words as facts."""

from __future__ import annotations

from ._machine import seconds_allowed
from ._tables import FORCE_IP, TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._probe import Evidence
    from ._reports import Gpu


class Facts:
    """What is known of the machine's Intel GPUs."""

    __slots__ = ("evidence", "forced", "gpus", "notes")

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.gpus: list[Gpu] = []  # in order of preference; those without a version are known to be there alone
        self.forced: list[str] = []
        self.notes: list[tuple[str, str]] = []


def parse_facts(evidence: Evidence, variables: Mapping[str, str]) -> Facts:
    facts = Facts(evidence)
    forced = variables.get(FORCE_IP, "")
    if forced.strip():
        from ._overrides import parse_override

        facts.forced, strange = parse_override(forced)
        if strange:
            said = f"{FORCE_IP} has {strange[0][:40]!a}, expected values such as 20.1.0 or 12.55.8; it was ignored."
            facts.notes.append(("override-ignored", said))
    seconds = variables.get(TIMEOUT, "")
    if seconds and not seconds_allowed({TIMEOUT: seconds}, 0.0):
        said = f"{TIMEOUT} has {seconds[:40]!a}, expected 0.1 to 60 seconds; it was ignored."
        facts.notes.append(("override-ignored", said))
    if evidence.place:
        facts.gpus = _parse_gpus(evidence)
    return facts


def _parse_gpus(evidence: Evidence) -> list[Gpu]:
    """Level Zero's GPUs in its order, then those that it does not tell of: cards before processors' own."""
    from ._pci import find_ip
    from ._reports import Gpu, parse_level_zero, parse_xe
    from ._tables import DISCRETE_RELEASES
    from ._versions import parse_ip

    gpus = [gpu for gpu in parse_level_zero(evidence.reports.get("level-zero", "")) if gpu.ip]
    told = {gpu.device for gpu in gpus}
    versions = parse_xe(evidence.reports.get("xe", ""))
    others = []
    for node in evidence.nodes:
        if node.here and node.device not in told:
            ip = versions.get(node.name)
            others.append(Gpu(node.device, ip or parse_ip(find_ip(node.device)), f"/sys/class/drm/{node.name}/device"))
            if ip:
                others[-1].source = f"/dev/dri/{node.name}"
    others.sort(key=lambda gpu: gpu.ip is None or gpu.ip[:2] not in DISCRETE_RELEASES)
    return gpus + others

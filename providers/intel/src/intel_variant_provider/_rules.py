"""Facts as answers: the IP versions of all GPUs, and what the user should know of them."""

from __future__ import annotations

from ._tables import OPEN_ARCHITECTURES, OPEN_RELEASES, OPEN_REVISIONS, XE_AND_BEFORE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts

    Answer = list[tuple[str, list[str], bool]]


def decide_answer(facts: Facts) -> Answer:
    """`device_ip`, each GPU's version before its base; nothing where no version is known."""
    if not (facts.forced or facts.gpus):
        return []
    from ._versions import find_base, format_ip, parse_ip

    found = [parse_ip(text) for text in facts.forced] or [gpu.ip for gpu in facts.gpus]
    known = [ip for ip in found if ip]
    pairs = [(ip, find_base(ip)) for ip in known]
    values = frozenset(list_values())
    ordered = [format_ip(ip) for pair in pairs for ip in pair if ip]
    supported = [value for value in dict.fromkeys(ordered) if value in values]
    return [("device_ip", supported, True)] if supported else []


def decide_everything() -> Answer:
    """All there is in this version, whatever the machine and the environment."""
    return [("device_ip", list_values(), True)]


def list_values() -> list[str]:
    """Every IP version that is a value, newest first."""
    releases = [f"{architecture}.{release}." for architecture in OPEN_ARCHITECTURES for release in OPEN_RELEASES]
    revisions = [str(revision) for revision in OPEN_REVISIONS]
    return [release + revision for release in releases for revision in revisions] + XE_AND_BEFORE.split()


def diagnose(facts: Facts) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about."""
    if facts.forced or not (facts.evidence.nodes or facts.evidence.place or facts.evidence.refused):
        return list(facts.notes)
    from ._reasons import diagnose_all

    return diagnose_all(facts)


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """Facts, each with its source."""
    from ._reasons import describe_all

    return describe_all(facts)


def why_not(facts: Facts, feature: str, value: str) -> str:
    """One sentence for what is not supported; nothing for what is."""
    supported = next((values for name, values, _ in decide_answer(facts) if name == feature), [])
    if value in supported:
        return ""
    from ._reasons import find_reason

    return find_reason(facts, supported)

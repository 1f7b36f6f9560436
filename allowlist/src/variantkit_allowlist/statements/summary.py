"""Verification summaries (VSA): a record of what was decided about a wheel, which permits nothing by itself."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote

from variantkit.errors import RefusedError
from variantkit.trust.dates import format_date, parse_date
from variantkit_allowlist.statements.envelope import Subject, make_statement, read_statement

VSA_TYPE = "https://slsa.dev/verification_summary/v1"


class Summary(NamedTuple):
    """`verifier` names the list (`verifier_uri`); `policy_sha256` is that of the providers.toml that decided.

    `inputs` are the sha256 of the signed reviews, `criteria` what they state; `time` is in unix seconds.
    """

    package: str
    version: str
    filename: str
    sha256: str
    passed: bool
    verifier: str
    policy_sha256: str
    time: int
    criteria: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()


def verifier_uri(list_id: str) -> str:
    """The URI by which a list is the verifier of its summaries."""
    return list_id if list_id.startswith("https://") else f"https://{list_id}"


def write_vsa(summary: Summary) -> bytes:
    """Return the summary as a bare statement: it travels as a target of a signed repository."""
    return make_statement(Subject(summary.filename, summary.sha256), VSA_TYPE, _predicate(summary)) + b"\n"


def _predicate(summary: Summary) -> dict[str, object]:
    # in-toto-attestation 0.9.3 has a typed VSA, whose verifiedLevels holds one text where the predicate has a list.
    return {
        "verifier": {"id": summary.verifier},
        "timeVerified": _rfc3339(summary.time),
        "resourceUri": f"pkg:pypi/{summary.package}@{quote(summary.version)}?file_name={quote(summary.filename)}",
        "policy": {"uri": f"{summary.verifier}/providers.toml", "digest": {"sha256": summary.policy_sha256}},
        "inputAttestations": [{"digest": {"sha256": digest}} for digest in summary.inputs],
        "verificationResult": "PASSED" if summary.passed else "FAILED",
        "verifiedLevels": [level_of(criterion) for criterion in summary.criteria] if summary.passed else [],
        "slsaVersion": "1.1",
    }


def level_of(criterion: str) -> str:
    """A criterion as a level of our own: `VARIANTKIT_REVIEWED_SOURCE`."""
    return "VARIANTKIT_" + criterion.upper().replace("-", "_").replace(".", "_")


def _rfc3339(seconds: int) -> str:
    text = format_date(seconds)
    return text if "T" in text else f"{text}T00:00:00Z"


def read_vsa(data: bytes, where: str = "the summary") -> Summary:
    """Read a summary; raise RefusedError for anything else.

    `criteria` are then the levels as they stand there. Fields that are not known here are passed over, as VSA demands.
    """
    statement = read_statement(data, VSA_TYPE, where)
    try:
        return _summary(statement.subject, dict(statement.predicate))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RefusedError(f"{where}: expected a verification summary, found one with fields missing or odd") from None


def _summary(subject: Subject, predicate: dict[str, object]) -> Summary:
    purl = _text(predicate["resourceUri"]).partition("?")[0].removeprefix("pkg:pypi/")
    package, _, version = purl.partition("@")
    policy, verifier = _table(predicate["policy"]), _table(predicate["verifier"])
    result = predicate["verificationResult"]
    if result not in ("PASSED", "FAILED"):
        raise ValueError
    return Summary(
        package=package,
        version=unquote(version),
        filename=subject.filename,
        sha256=subject.sha256,
        passed=result == "PASSED",
        verifier=_text(verifier["id"]),
        policy_sha256=_text(_table(policy["digest"])["sha256"]),
        time=parse_date(_text(predicate["timeVerified"])),
        criteria=tuple(map(_text, _list(predicate.get("verifiedLevels", [])))),
        inputs=tuple(
            _text(_table(_table(item)["digest"])["sha256"]) for item in _list(predicate.get("inputAttestations", []))
        ),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError
    return value

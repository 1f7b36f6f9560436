"""Bundle check: what Sigstore says of one attestation, and what it leaves to us: windows and times that lie ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.provenance.trust_root import verifier_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate
    from sigstore.models import Bundle

    from variantkit_allowlist.provenance.material import Attestation
    from variantkit_allowlist.provenance.trust_root import TrustRoot

SKEW = 300
"""How many seconds our clock may be behind the log's."""

# fmt: off
_SAYINGS = (
    ("certificate-untrusted", (
        "failed to verify SCT", "Key usage", "Extended usage", "invalid signing cert", "certificate chain",
        "timestamp certificate", "Expected one certificate timestamp", "signed certificate timestamp",
    )),
    ("time-unverified", (
        "not enough sources of verified time", "no Timestamp Authorities", "too many signed timestamp",
        "duplicate timestamp", "Integrated time only", "Invalid Timestamp Response",
        "inclusion promise or signed timestamp",
    )),
    ("log-invalid", (
        "log entry", "transparency log", "inclusion proof", "checkpoint", "Expected entry type",
        "Unsupported hashedrekord version",
    )),
    ("subject-digest", ("Bundle message digest mismatch",)),
    ("signature-invalid", ("DSSE: invalid signature", "Signature is invalid")),
)
"""What Sigstore's errors say, which all have one class, and the code that it stands for; the first that fits counts."""
# fmt: on


class NotVerifiedError(Exception):
    """One attestation does not verify; `code` is one of PROVENANCE_CODES."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Signed(NamedTuple):
    """A bundle that verified. `payload` is None for a bare signature over the file, which states nothing.

    `logged` is the earliest time that the log or a timestamp authority vouches for, in unix seconds.
    """

    certificate: Certificate
    payload_type: str
    payload: bytes | None
    logged: int


class _AnyCertificate:
    """The policy that leaves judging the certificate to us; Sigstore's own wants to warn about that."""

    def verify(self, cert: Certificate) -> None:
        """Accept."""


def check_bundle(attestation: Attestation, sha256: str, trust_root: TrustRoot, now: int) -> Signed:
    """Verify one attestation of the file with this sha256; raises NotVerifiedError, and nothing else."""
    try:
        return _check(attestation, sha256, trust_root, now)
    except (KeyboardInterrupt, SystemExit, NotVerifiedError):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of cryptography's Rust is no Exception; all fail closed
        raise classify(error) from None


def classify(error: BaseException) -> NotVerifiedError:
    """The code for what Sigstore raised; what nobody foresaw is malformed."""
    from cryptography.x509 import ExtensionNotFound
    from sigstore.dsse import InvalidEnvelope
    from sigstore.errors import CertValidationError, Error
    from sigstore.models import InvalidBundle

    said = str(error)
    detail = ascii(" ".join(said.split()) or type(error).__name__)[1:-1][:300]
    if isinstance(error, (CertValidationError, ExtensionNotFound)):
        return NotVerifiedError("certificate-untrusted", detail)
    if not isinstance(error, Error) or isinstance(error, InvalidEnvelope):
        return NotVerifiedError("malformed", detail)
    for code, sayings in _SAYINGS:
        known = not isinstance(error, InvalidBundle) or code == "time-unverified"
        if known and any(saying in said for saying in sayings):
            return NotVerifiedError(code, detail)
    return NotVerifiedError("malformed", detail)


def _check(attestation: Attestation, sha256: str, trust_root: TrustRoot, now: int) -> Signed:
    bundle = _open(attestation)
    logged = _log_times(attestation, bundle)
    # A key counts only when all of this happened in its window: Sigstore itself asks that of timestamps alone. The
    # times are claims until the verifier has vouched for them, and a claim that fits opens nothing by itself.
    kept = trust_root.kept_at([*logged, *_issue_times(bundle)])
    try:
        payload_type, payload = _verify(bundle, attestation, sha256, trust_root, kept)
    except Exception:
        if all(kept):
            raise
        _verify(bundle, attestation, sha256, trust_root, (True,) * len(kept))
        raise NotVerifiedError(
            "outside-window", "a key of the trust root was used outside the time it is valid for"
        ) from None
    _require_within(bundle.signing_certificate, logged)
    if max(logged) > now + SKEW:
        raise NotVerifiedError(
            "from-the-future", f"it was logged {int(max(logged)) - now} seconds from now; is the clock right?"
        )
    return Signed(bundle.signing_certificate, payload_type, payload, int(min(logged)))


def _require_within(certificate: Certificate, logged: Sequence[float]) -> None:
    """Every time that is claimed lies within the certificate's ten minutes, as every time that is vouched for does.

    Sigstore passes over a timestamp of an authority that it does not know; a stranger's, from last year, must not end
    a cooldown that has just begun.
    """
    start, end = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    if not all(start <= time <= end for time in logged):
        raise NotVerifiedError("time-unverified", "a time that nobody vouches for lies outside the certificate's dates")


def _open(attestation: Attestation) -> Bundle:
    if attestation.form == "bundle":
        from sigstore.models import Bundle

        return Bundle.from_json(attestation.data)
    from pypi_attestations import Attestation as Pep740

    return Pep740.model_validate(attestation.document).to_bundle()


def _verify(
    bundle: Bundle, attestation: Attestation, sha256: str, trust_root: TrustRoot, kept: tuple[bool, ...]
) -> tuple[str, bytes | None]:
    verifier = verifier_of(trust_root.data, kept)
    if attestation.form == "pep740" or "dsseEnvelope" in attestation.document:
        return verifier.verify_dsse(bundle, _AnyCertificate())
    from sigstore.hashes import Hashed

    digest = Hashed.model_validate({"algorithm": "SHA2_256", "digest": bytes.fromhex(sha256)})
    verifier.verify_artifact(digest, bundle, _AnyCertificate())
    return "", None


def _log_times(attestation: Attestation, bundle: Bundle) -> list[float]:
    """When log and timestamp authorities say that it was signed, as far as they sign for that time."""
    if attestation.form == "pep740":
        (entry,) = attestation.document["verification_material"]["transparency_entries"]  # type: ignore[index]
    else:
        (entry,) = attestation.document["verificationMaterial"]["tlogEntries"]  # type: ignore[index]
    stamps = bundle.verification_material.timestamp_verification_data
    times = [stamp.tst_info.gen_time.timestamp() for stamp in (stamps.rfc3161_timestamps if stamps else ())]
    if entry.get("inclusionPromise") and entry.get("integratedTime") is not None:
        times.append(float(int(entry["integratedTime"])))
    if not times:
        raise NotVerifiedError("time-unverified", "neither a log nor a timestamp authority says when it was signed")
    return times


def _issue_times(bundle: Bundle) -> list[float]:
    """When the certificate was issued, as the log of certificates says."""
    from datetime import timezone

    from cryptography.x509 import ExtensionNotFound, PrecertificateSignedCertificateTimestamps

    try:
        stamps = bundle.signing_certificate.extensions.get_extension_for_class(
            PrecertificateSignedCertificateTimestamps
        ).value
    except ExtensionNotFound:
        return []  # refused by the verifier, which says so better
    return [stamp.timestamp.replace(tzinfo=timezone.utc).timestamp() for stamp in stamps]

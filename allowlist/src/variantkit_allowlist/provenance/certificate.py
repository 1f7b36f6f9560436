"""Certificate: what a Fulcio certificate says of the run that got it, read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.model import Identity

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

WORKFLOWS = ".github/workflows/"
GITHUB = "https://github.com/"

# fmt: off
_NAMES = {f"1.3.6.1.4.1.57264.1.{number}": name for number, name in {
    8: "issuer", 9: "signer", 11: "runner", 12: "repository", 13: "commit", 14: "ref", 15: "repository_id",
    16: "owner", 17: "owner_id", 18: "config", 19: "config_digest", 20: "trigger", 21: "invocation",
}.items()}
"""Fulcio's extensions by their OID; those below 8 are older spellings of the same."""
# fmt: on

_OF_IDENTITY = ("issuer", "repository", "repository_id", "owner", "owner_id", "ref", "commit", "trigger", "runner")


class Claims(NamedTuple):
    """What a certificate says; "" where it says nothing.

    `subject` is its SAN, `signer` the workflow that signed (extension 9). `path` is the file in the repository that was
    started, the caller's workflow (extension 18); the SAN does not stand in for it, as a called workflow signs too.
    """

    identity: Identity
    path: str
    invocation: str


def read_claims(certificate: Certificate) -> Claims:
    """Read a certificate's claims; raises ValueError for one that is spelt otherwise than Fulcio's profile says."""
    found = dict.fromkeys(_NAMES.values(), "")
    for extension in certificate.extensions:
        name = _NAMES.get(extension.oid.dotted_string, "")
        if name:
            found[name] = read_utf8_string(extension.value.public_bytes())
            _require_plain(name, found[name])
    subject = _subject(certificate)
    _require_plain("SAN", subject)
    path = path_in(found["config"], found["repository"], (found["ref"], found["commit"]))
    identity = Identity(
        **{name: found[name] for name in _OF_IDENTITY},
        subject=subject,
        signer=found["signer"],
        workflow=workflow_name(path, found["repository"]),
    )
    return Claims(identity, path, found["invocation"])


def read_utf8_string(der: bytes) -> str:
    """Decode one DER UTF8String that fills its extension; the shortest form of its length is the only one."""
    if len(der) < 2 or der[0] != 0x0C:
        raise ValueError("a claim that is no UTF8String")
    length, start = der[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 2 or len(der) < 2 + count:
            raise ValueError("a claim whose length is no DER")
        length, start = int.from_bytes(der[2 : 2 + count], "big"), 2 + count
        if length < 0x80 or (count == 2 and length < 0x100):
            raise ValueError("a claim whose length is not in its shortest form")
    if len(der) != start + length:
        raise ValueError("a claim that is longer or shorter than it says")
    return der[start:].decode("utf-8")


def same_name(one: str, other: str) -> bool:
    """Whether two addresses are one: GitHub's names know no case; everywhere else each byte counts."""
    if is_github(one) and is_github(other):
        return one.lower() == other.lower()
    return one == other


def is_github(address: str) -> bool:
    """Whether this is an address on GitHub, whose owners and repositories are named without regard to case."""
    return address.lower().startswith(GITHUB)


def is_inside(address: str, repository: str) -> bool:
    """Whether an address such as a workflow's lies in a repository."""
    start = address[: len(repository) + 1]
    return bool(repository) and len(address) > len(start) and same_name(start, f"{repository}/")


def workflow_name(path: str, repository: str) -> str:
    """A workflow as rules name it: on GitHub, where they all lie in one folder, its file's name; else its path."""
    if not is_github(repository):
        return path
    return path.removeprefix(WORKFLOWS) if path.startswith(WORKFLOWS) else ""


def path_in(uri: str, repository: str, revisions: tuple[str, ...]) -> str:
    """The file that a workflow's URI names in its repository; "" when it names none there.

    `https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1`; GitLab writes `//` before the path. The part
    behind the last `@` must be the run's own ref or commit, as a ref may itself hold an `@`.
    """
    if not is_inside(uri, repository):
        return ""
    rest = uri[len(repository) :]
    for revision in revisions:
        if revision and rest.endswith(f"@{revision}"):
            path = rest[: -len(revision) - 1].lstrip("/")
            return "" if "@" in path or ".." in path else path
    return ""


def _subject(certificate: Certificate) -> str:
    """The one name that the certificate is made out to; "" when there is none, or one of a kind we do not read."""
    from cryptography import x509

    try:
        names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return ""
    if len(names) != 1:
        raise ValueError(f"a certificate made out to {len(names)} names, expected one")
    name = names[0]
    return name.value if isinstance(name, (x509.UniformResourceIdentifier, x509.RFC822Name)) else ""


def _require_plain(name: str, value: str) -> None:
    """An identity is read by people and written into files: no control characters, nothing beyond ASCII (attack 44)."""
    if not (value.isascii() and value.isprintable()) and value:
        raise ValueError(f"a {name} with characters beyond printable ASCII: {ascii(value)[:100]}")

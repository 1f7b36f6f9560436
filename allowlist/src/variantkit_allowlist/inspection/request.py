"""Request of a vendor: one wheel by its digest, what is claimed of it, and what the vendor would like to be granted.

A request is written in the vendor's release workflow, before the upload, and read by whoever keeps a list. To its
reader it is foreign text: nothing in it is believed. The digest says which bytes are meant, the evidence is verified
like any other, and the rest are proposals that the reader checks against the bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from variantkit.errors import DocumentError, InputError, Problem
from variantkit.provider.foreign import shown
from variantkit.trust.alphabet import is_endpoint, is_package
from variantkit.trust.strict_json import load_strict
from variantkit.variants.grammar import is_name, normalized_name
from variantkit.variants.wheel import parse_wheel_name
from variantkit_allowlist.model import NEED_KINDS, GrantedNeeds, Sha256, Table, refused_needs, refused_watches

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = "variantkit.request/1"
MAX_REQUEST_BYTES = 32 << 20
MAX_EVIDENCE_BYTES = 4 << 20
MOST = 64
"""Files of evidence, names or needs of one kind."""

Names = Annotated[tuple[str, ...], Field(max_length=MOST)]


class EvidenceFile(Table):
    """A file of evidence, word for word: `name` has no folder in it, `content` is base64."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$")]
    sha256: Sha256
    content: Annotated[str, Field(max_length=MAX_EVIDENCE_BYTES * 4 // 3 + 4)]


class Previous(Table):
    """The wheel that the request's is compared with."""

    filename: str
    version: str
    sha256: Sha256


class Request(BaseModel):
    """A vendor's request. `inspection`, `diff` and `conformance` are what the vendor's own run of the tools said."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=lambda name: name.rstrip("_").replace("_", "-"),
        populate_by_name=True,
    )

    schema_: Literal["variantkit.request/1"] = "variantkit.request/1"
    filename: str
    package: str
    version: str
    sha256: Sha256
    previous: Previous | None = None
    namespace: str
    plugin_api: Annotated[Names, Field(min_length=1)]
    configs_sha256: Sha256 | None = None
    needs: GrantedNeeds = GrantedNeeds()
    presence: Names = ()
    fingerprint: Names = ()
    reimplements: Names = ()
    evidence: Annotated[tuple[EvidenceFile, ...], Field(max_length=MOST)] = ()
    inspection: dict[str, JsonValue]
    diff: dict[str, JsonValue] | None = None
    conformance: dict[str, JsonValue] | None = None

    def evidence_bytes(self) -> dict[str, bytes]:
        """The files of evidence by name."""
        return {file.name: base64.b64decode(file.content) for file in self.evidence}


def embed(name: str, data: bytes) -> EvidenceFile:
    """A file of evidence as a request carries it; InputError when it is too large or oddly named."""
    if len(data) > MAX_EVIDENCE_BYTES:
        raise InputError(
            f"{name}: expected evidence of at most {MAX_EVIDENCE_BYTES >> 20} MiB, found {len(data)} bytes"
        )
    try:
        content = base64.b64encode(data).decode()
        return EvidenceFile(name=name, sha256=hashlib.sha256(data).hexdigest(), content=content)
    except ValidationError:
        raise InputError(f"{shown(name)}: expected a file name of letters, digits and . _ + -") from None


def write_request(request: Request) -> bytes:
    """The one form of a request, the same for the same values; DocumentError for what no list can grant."""
    data = request.model_dump(mode="json", by_alias=True)
    text = (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()
    read_request(text, f"the request for {request.filename}")
    return text


def read_request(data: bytes, where: str) -> Request:
    """Read a request as the foreign text that it is; DocumentError with everything that is wrong with it."""
    if len(data) > MAX_REQUEST_BYTES:
        raise InputError(
            f"{where}: expected a request of at most {MAX_REQUEST_BYTES >> 20} MiB, found {len(data)} bytes"
        )
    try:
        load_strict(data)
    except ValueError as error:
        raise InputError(f"{where}: no request that can be read: {error}") from None
    try:
        request = Request.model_validate_json(data)
    except ValidationError as error:
        raise DocumentError(where, list(_model_problems(error))) from None
    problems = [*_name_problems(request), *_grant_problems(request), *_evidence_problems(request)]
    if problems:
        raise DocumentError(where, problems)
    return request


def _model_problems(error: ValidationError) -> Iterator[Problem]:
    for item in error.errors(include_url=False, include_input=False, include_context=False)[:20]:
        yield Problem(shown(".".join(map(str, item["loc"])), 120), shown(item["msg"], 200))


def _name_problems(request: Request) -> Iterator[Problem]:
    """Names that contradict one another, or are none."""
    try:
        name = parse_wheel_name(request.filename)
        if (normalized_name(name.name), name.version) != (request.package, request.version):
            yield Problem("package", f"expected the package and version of {request.filename}")
    except InputError as error:
        yield Problem("filename", shown(str(error)))
    if not is_name(request.namespace):
        yield Problem("namespace", f"expected a name of a-z 0-9 _, found {ascii(request.namespace)[:80]}")
    for endpoint in request.plugin_api:
        if not is_endpoint(endpoint):
            yield Problem("plugin-api", f"expected MODULE or MODULE:OBJECT, found {ascii(endpoint)[:80]}")
    for package in request.reimplements:
        if not is_package(package):
            yield Problem("reimplements", f"expected a package's name, found {ascii(package)[:80]}")
    for what, said in (("inspection", request.inspection), ("conformance", request.conformance)):
        if said is not None and said.get("sha256") != request.sha256:
            yield Problem(what, "it is of another wheel")


def _grant_problems(request: Request) -> Iterator[Problem]:
    """What no approved list can grant: the floor."""
    for kind in NEED_KINDS:
        wanted: tuple[str, ...] = getattr(request.needs, kind)
        if len(wanted) > MOST:
            yield Problem(f"needs.{kind}", f"expected at most {MOST}, found {len(wanted)}")
    for kind, _, text, reason in refused_needs(request.needs):
        yield Problem(f"needs.{kind}", f"{ascii(text)[:120]}: {reason}")
    for kind, _, sentence in refused_watches(request.presence, request.fingerprint):
        yield Problem(kind, sentence)


def _evidence_problems(request: Request) -> Iterator[Problem]:
    names = [file.name.casefold() for file in request.evidence]
    if len({*names}) != len(names):
        yield Problem("evidence", "two files of one name, case aside")
    for file in request.evidence:
        try:
            data = base64.b64decode(file.content, validate=True)
        except (binascii.Error, ValueError):
            yield Problem(f"evidence.{file.name}", "expected base64")
            continue
        if hashlib.sha256(data).hexdigest() != file.sha256:
            yield Problem(f"evidence.{file.name}", "its bytes have another sha256")


def check_against(request: Request, wheel: bytes) -> list[str]:
    """Where a request is not about these bytes: sentences; what it claims of them is for the reader to make anew."""
    found = hashlib.sha256(wheel).hexdigest()
    return [] if found == request.sha256 else [f"the request is for sha256 {request.sha256}, this wheel has {found}"]

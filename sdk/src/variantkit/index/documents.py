"""The documents of one version: its variants.json, and what its wheels say of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.index.selection import METADATA_MISSING
from variantkit.index.upstream import advertised_digest
from variantkit.variants.markers import uses_variant_markers
from variantkit.variants.metadata import canonical_properties, combine_metadata, parse_metadata
from variantkit.variants.wheel import VARIANT_JSON_CAP, parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from variantkit.index.pages.page import File
    from variantkit.index.selection import Candidate
    from variantkit.index.upstream import Upstream
    from variantkit.variants.metadata import Metadata

METADATA_INVALID = "metadata-invalid"
METADATA_MISMATCH = "metadata-mismatch"
VARIANT_MARKERS = "variant-markers"
WHEEL_UNREADABLE = "wheel-unreadable"

VARIANTS_JSON_CAP = 32 << 20
CORE_METADATA_CAP = 4 << 20

Note = tuple[str, str]
"""A code and a sentence."""


class VersionMetadata(NamedTuple):
    """The metadata of one version's variants, or the `problem` why there is none that can be used.

    `vouched` says that the page's own digest, or the wheels themselves, stand behind it: otherwise the wheel that
    is chosen by it has to agree.
    """

    metadata: Metadata | None
    problem: Note | None = None
    vouched: bool = False


def load_metadata(upstream: Upstream, wheels: Iterable[File], variants_json: File | None) -> VersionMetadata:
    """Read a version's metadata from its variants.json, or from one wheel per label where none is listed.

    A document that is missing or broken is a problem to tell, not an error: it makes the variants unusable, never
    the plain wheel. Raises UndeterminedError when the index does not answer.
    """
    if variants_json is None:
        return _combine_from_wheels(upstream, wheels)
    try:
        data = upstream.read(variants_json, cap=VARIANTS_JSON_CAP)
    except InputError as error:
        return VersionMetadata(None, (METADATA_MISSING, f"{error}; its variants are left out"))
    try:
        metadata = parse_metadata(data, variants_json.filename)
    except InputError as error:
        return VersionMetadata(None, (METADATA_INVALID, f"{error}; its variants are left out"))
    # The digest of a file in a directory is our own: it says nothing of who wrote the file.
    vouched = advertised_digest(variants_json, "") is not None and not variants_json.url.startswith("file:")
    return VersionMetadata(metadata, vouched=vouched)


def _combine_from_wheels(upstream: Upstream, wheels: Iterable[File]) -> VersionMetadata:
    # PEP 825 "Suggested implementation logic", step 5: one wheel per distinct label is enough.
    first = {str(parse_wheel_name(wheel.filename).label): wheel for wheel in reversed(list(wheels))}
    try:
        parts = [(wheel.filename, _own_metadata(upstream, wheel, label)) for label, wheel in sorted(first.items())]
        return VersionMetadata(combine_metadata(parts), vouched=True)
    except InputError as error:
        sentence = f"no variants.json is listed, and the wheels' own metadata cannot stand in for it: {error}"
        return VersionMetadata(None, (METADATA_MISSING, sentence))


def _own_metadata(upstream: Upstream, wheel: File, label: str) -> Metadata:
    """What a wheel says of itself; only its own label counts, whatever else its variant.json describes."""
    data = upstream.member(wheel, ".dist-info/variant.json", cap=VARIANT_JSON_CAP)
    if data is None:
        raise InputError(f"{wheel.filename}: expected a variant.json in its .dist-info, found none")
    metadata = parse_metadata(data, f"{wheel.filename}: variant.json")
    if label not in metadata.variants:
        raise InputError(f"{wheel.filename}: its variant.json does not describe the variant {label!r}")
    return metadata._replace(variants={label: metadata.variants[label]})


def check_agreement(upstream: Upstream, candidate: Candidate, metadata: Metadata) -> Note | None:
    """Compare the index's metadata, which nothing vouches for, with the wheel's own; None when they agree.

    An index could otherwise re-point a label, or replace an author's provider by static properties, and so choose
    any genuine build: the wheel's bytes have a digest on the page, its variant.json lies among them.
    """
    label, name = candidate.label, candidate.file.filename
    try:
        own = _own_metadata(upstream, candidate.file, label)
    except InputError as error:
        return METADATA_MISMATCH, f"{name}: the index's variants.json has no digest and cannot be checked: {error}"
    properties = metadata.variants[label]
    if canonical_properties(own.variants[label]) != canonical_properties(properties):
        return METADATA_MISMATCH, f"{name}: its own variant.json gives it other properties than the index does"
    for namespace in properties:
        if own.providers.get(namespace) != metadata.providers.get(namespace):
            sentence = (
                f"{name}: its own variant.json describes the provider of {namespace} otherwise than the index does"
            )
            return METADATA_MISMATCH, sentence
    return None


def check_markers(upstream: Upstream, file: File) -> Note | None:
    """Say why an installer that knows no variant markers cannot be offered a wheel; None when it can."""
    try:
        metadata = _core_metadata(upstream, file)
    except InputError as error:
        return WHEEL_UNREADABLE, f"{file.filename} is left out, its METADATA cannot be read: {error}"
    if any(uses_variant_markers(requirement) for requirement in required_distributions(metadata)):
        return (
            VARIANT_MARKERS,
            f"{file.filename} is left out: its dependencies use variant markers, which this installer cannot read",
        )
    return None


def _core_metadata(upstream: Upstream, file: File) -> bytes:
    if file.core_metadata:
        try:
            return upstream.read(file, cap=CORE_METADATA_CAP, suffix=".metadata")
        except InputError:
            pass  # Some mirrors promise the file and do not have it; the wheel has it in any case.
    data = upstream.member(file, ".dist-info/METADATA", cap=CORE_METADATA_CAP)
    if data is None:
        raise InputError("expected a METADATA in its .dist-info, found none")
    return data


def required_distributions(metadata: bytes) -> list[str]:
    """Return the values of `Requires-Dist` in a METADATA file, each on one line."""
    from email.parser import HeaderParser

    headers = HeaderParser().parsestr(metadata.decode("utf-8", "replace"))
    return [" ".join(str(value).split()) for value in headers.get_all("Requires-Dist", [])]

"""Bills in a wheel: RECORD, which lists all files, and the bill of materials (PEP 770), which lists what it vendors."""

from __future__ import annotations

import base64
import csv
import hashlib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.provider.foreign import shown
from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.inspection.contents import read_contents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from variantkit_allowlist.inspection.contents import Contents

MAX_BILL_BYTES = 4 << 20
_FOLDER = "_vendor/"
_MARKERS = ("__init__.py",)


class VendoredFile(NamedTuple):
    """A file below `_vendor/`. `package` is its purl and `state` one of STATES."""

    path: str
    sha256: str
    package: str
    state: str


# fmt: off
STATES = {
    "published": "the very bytes of a published wheel that was given",
    "as-billed": "the bytes that the bill of materials names",
    "marker": "an empty package marker",
    "differs": "other bytes than the bill of materials names",
    "unbilled": "in no bill of materials",
    "missing": "in the bill of materials, not in the wheel",
}
# fmt: on
WRONG = frozenset({"differs", "unbilled", "missing"})


class VendoredPackage(NamedTuple):
    """A package of the bill: the published wheel it was taken from, and whether a wheel that was given is that one.

    `published` is "matches", "differs", or "" when no wheel of that name was given.
    """

    purl: str
    wheel: str
    sha256: str
    published: str


class Bill(NamedTuple):
    """The bills of materials of a wheel, read together; `problems` are sentences."""

    documents: tuple[str, ...]
    packages: tuple[VendoredPackage, ...]
    files: tuple[VendoredFile, ...]
    problems: tuple[str, ...]


def read_bill(contents: Contents, published: Mapping[str, bytes]) -> Bill:
    """Hold what is vendored against the bills in the wheel and against `published` wheels (file name -> bytes)."""
    documents = sorted(name for name in contents.files if name.startswith(f"{contents.info}/sboms/") and contents.info)
    packages: list[VendoredPackage] = []
    billed: dict[str, tuple[str, str]] = {}
    problems: list[str] = []
    for name in documents:
        try:
            for component in _components(contents.files[name]):
                packages.append(_package(component, published))
                billed.update(_billed_files(component))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            problems.append(f"{shown(name, 120)}: no CycloneDX document that can be read: {shown(str(error), 120)}")
    found = {name: data for name, data in contents.files.items() if f"/{_FOLDER}" in f"/{name}"}
    files = [*_judge_files(found, billed, published), *_missing(found, billed)]
    problems += [f"{file.path}: {STATES[file.state]}" for file in files if file.state in WRONG]
    problems += [
        f"{item.wheel}: not the published wheel that was given" for item in packages if item.published == "differs"
    ]
    return Bill(tuple(map(shown, documents)), tuple(packages), tuple(files), tuple(problems))


def _components(data: bytes) -> list[dict[str, object]]:
    if len(data) > MAX_BILL_BYTES:
        raise ValueError(f"over {MAX_BILL_BYTES >> 20} MiB")
    document = load_strict(data)
    if document.get("bomFormat") != "CycloneDX":
        raise ValueError("bomFormat is not CycloneDX")
    found = document.get("components", [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ValueError("components is no list of objects")
    return found


def _text(component: Mapping[str, object], key: str) -> str:
    value = component.get(key, "")
    return shown(value, 300) if isinstance(value, str) else ""


def _sha256(component: Mapping[str, object]) -> str:
    hashes = component.get("hashes", [])
    found = [item for item in hashes if isinstance(item, dict)] if isinstance(hashes, list) else []
    return next((str(item.get("content", "")).lower() for item in found if item.get("alg") == "SHA-256"), "")


def _package(component: Mapping[str, object], published: Mapping[str, bytes]) -> VendoredPackage:
    properties = component.get("properties", [])
    named = [item for item in properties if isinstance(item, dict)] if isinstance(properties, list) else []
    wheel = next((str(item.get("value", "")) for item in named if item.get("name") == "variantkit:wheel"), "")
    sha256, given = _sha256(component), published.get(wheel)
    same = "" if given is None else "matches" if hashlib.sha256(given).hexdigest() == sha256 else "differs"
    return VendoredPackage(_text(component, "purl") or _text(component, "name"), shown(wheel), shown(sha256), same)


def _billed_files(component: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, str]]]:
    inner = component.get("components", [])
    for file in inner if isinstance(inner, list) else []:
        if isinstance(file, dict) and file.get("type") == "file":
            yield _text(file, "name"), (_sha256(file), _text(component, "purl") or _text(component, "name"))


def _judge_files(
    found: Mapping[str, bytes], billed: Mapping[str, tuple[str, str]], published: Mapping[str, bytes]
) -> Iterator[VendoredFile]:
    known = {digest for name, wheel in published.items() for digest in _digests(name, wheel)} if found else set()
    for path, data in sorted(found.items()):
        digest = hashlib.sha256(data).hexdigest()
        expected, package = billed.get(_below(path), ("", ""))
        if expected:
            state = "differs" if digest != expected else "published" if digest in known else "as-billed"
        else:
            # The hook's own marker: a docstring and nothing else, wherever it stands.
            marker = _below(path).removeprefix(_FOLDER) in _MARKERS and _is_marker(data)
            state = "marker" if marker else "unbilled"
        yield VendoredFile(shown(path), digest, package, state)


def _missing(found: Mapping[str, bytes], billed: Mapping[str, tuple[str, str]]) -> Iterator[VendoredFile]:
    here = {_below(path) for path in found}
    for path, (digest, package) in sorted(billed.items()):
        if path not in here:
            yield VendoredFile(shown(path), shown(digest), package, "missing")


def _below(path: str) -> str:
    """A path from `_vendor/` on, as the bill names it."""
    return _FOLDER + f"/{path}".split(f"/{_FOLDER}", 1)[1]


def _is_marker(data: bytes) -> bool:
    text = data.strip()
    return not text or (text[:3] == text[-3:] == b'"""' and len(text) >= 6 and b'"""' not in text[3:-3])


def _digests(filename: str, wheel: bytes) -> list[str]:
    return [hashlib.sha256(data).hexdigest() for data in read_contents(wheel, filename).files.values()]


def check_record(contents: Contents) -> list[str]:
    """What RECORD says that is not so: sentences."""
    data = contents.read_info("RECORD")
    if data is None:
        return ["there is no RECORD"]
    try:
        rows = list(csv.reader(data.decode("utf-8").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        return [f"RECORD cannot be read: {shown(str(error), 100)}"]
    return list(_record_problems(rows, contents.files, f"{contents.info}/RECORD"))


def _record_problems(rows: Sequence[Sequence[str]], files: Mapping[str, bytes], own: str) -> Iterator[str]:
    listed: set[str] = set()
    for row in rows:
        if len(row) != 3:
            yield f"RECORD has a line of {len(row)} fields; expected 3"
            continue
        name, digest, size = row
        if name in listed:
            yield f"RECORD lists {shown(name, 120)} twice"
        listed.add(name)
        if name not in files:
            yield f"RECORD lists {shown(name, 120)}, which is not there"
        elif name != own and (digest, size) != (record_digest(files[name]), str(len(files[name]))):
            yield f"RECORD has another hash or size for {shown(name, 120)}"
    for name in sorted(files.keys() - listed):
        yield f"RECORD does not list {shown(name, 120)}"


def record_digest(data: bytes) -> str:
    """The hash of a file as RECORD writes it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()

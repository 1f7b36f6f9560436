"""What a wheel says of itself, and where it contradicts itself."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import VariantkitError
from variantkit.variants.archive import CHUNK, WheelContents, open_wheel
from variantkit.variants.grammar import normalized_name
from variantkit.variants.metadata import canonical_properties, parse_metadata
from variantkit.variants.record import RECORD_CAP, record_problems
from variantkit.variants.wheel import VARIANT_JSON_CAP, parse_wheel_name, require_one_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from variantkit.variants.metadata import Metadata, ProviderInfo
    from variantkit.variants.wheel import WheelName


class WheelDescription(NamedTuple):
    """A wheel in words; `problems` are sentences, `providers` maps a namespace to who answers for it."""

    file: str
    name: str
    version: str
    build: str
    label: str | None
    tags: tuple[str, ...]
    size: int
    sha256: str
    properties: tuple[str, ...]
    namespaces: tuple[str, ...]
    providers: Mapping[str, ProviderInfo]
    requires_python: str | None
    requires_dist: tuple[str, ...]
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The description as the JSON object of `wheel show --json`."""
        return self._asdict() | {"providers": {name: _provider(info) for name, info in self.providers.items()}}

    def lines(self) -> list[str]:
        """The description as lines for a person; what is absent has no line."""
        facts = [
            ("wheel", self.file),
            ("label", self.label or "none, a plain wheel"),
            *[("property", text) for text in self.properties],
            *[("provider", f"{namespace}: {_said(info)}") for namespace, info in self.providers.items()],
            ("tags", " ".join(self.tags)),
            *([("python", self.requires_python)] if self.requires_python else []),
            *[("requires", text) for text in self.requires_dist],
            ("size", f"{self.size} bytes"),
            ("sha256", self.sha256),
            *[("problem", text) for text in self.problems],
        ]
        return [f"{key + ':':<10} {text}" for key, text in facts]


def describe_wheel(path: str) -> WheelDescription:
    """Describe a wheel: its name's parts, tags, digest, variant, dependencies and, as sentences, its problems.

    Raises InputError for a file that is no wheel by its name or its bytes; anything lesser is a problem.
    """
    name = parse_wheel_name(os.path.basename(path))
    with open_wheel(path) as contents:
        headers = read_headers(contents)
        metadata, problems = _variant(contents, name)
        problems += [*_name_problems(contents, name, headers), *_tag_problems(contents, name)]
        record = contents.read_info("RECORD", RECORD_CAP)
        problems += ["there is no RECORD"] if record is None else record_problems(contents, record)
    return WheelDescription(
        file=os.path.basename(path),
        name=name.name,
        version=name.version,
        build=name.build,
        label=name.label,
        tags=tuple(expand_tags(name)),
        size=os.path.getsize(path),
        sha256=digest_file(path),
        properties=tuple(_properties(metadata)),
        namespaces=metadata.namespaces if metadata else (),
        providers=metadata.providers if metadata else {},
        requires_python=next(iter(headers.get("requires-python", [])), None),
        requires_dist=tuple(headers.get("requires-dist", [])),
        problems=tuple(problems),
    )


def digest_file(path: str) -> str:
    """The sha256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def expand_tags(name: WheelName) -> list[str]:
    """The compatibility tags that a wheel's name stands for, sorted."""
    pythons, abis, platforms = (part.split(".") for part in (name.python, name.abi, name.platform))
    return sorted(f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms)


def read_headers(contents: WheelContents, file: str = "METADATA") -> dict[str, list[str]]:
    """The headers of METADATA or WHEEL by lower-case name; none when the file is absent."""
    import email.parser

    data = contents.read_info(file)
    message = email.parser.HeaderParser().parsestr((data or b"").decode("utf-8", "replace"))
    headers: dict[str, list[str]] = {}
    for key, value in message.items():
        headers.setdefault(key.lower(), []).append(" ".join(str(value).split()))
    return headers


def _variant(contents: WheelContents, name: WheelName) -> tuple[Metadata | None, list[str]]:
    data = contents.read_info("variant.json", VARIANT_JSON_CAP)
    if data is None:
        return None, [] if name.label is None else ["its name has a label, but there is no variant.json"]
    try:
        metadata = parse_metadata(data, "variant.json")
        label, _ = require_one_label(metadata, "variant.json")
    except VariantkitError as error:
        return None, [str(error)]
    if name.label is None:
        return metadata, [f"its name has no label, but variant.json describes {label!r}"]
    wrong = f"its name has the label {name.label!r}, but variant.json describes {label!r}"
    return metadata, [] if label == name.label else [wrong]


def _name_problems(contents: WheelContents, name: WheelName, headers: dict[str, list[str]]) -> Iterator[str]:
    if not headers:
        yield "there is no METADATA"
        return
    for key, expected in (("name", name.name), ("version", name.version)):
        found = next(iter(headers.get(key, [])), "")
        if normalized_name(found.replace("+", ".")) != normalized_name(expected.replace("+", ".")):
            yield f"METADATA says {key} {found!r}, its file name {expected!r}"


def _tag_problems(contents: WheelContents, name: WheelName) -> Iterator[str]:
    tags = read_headers(contents, "WHEEL").get("tag", [])
    if not tags:
        yield "there is no WHEEL that names a tag"
    elif sorted({*tags}) != expand_tags(name):
        yield f"WHEEL says tag {', '.join(sorted(tags))}, its file name {', '.join(expand_tags(name))}"


def _properties(metadata: Metadata | None) -> list[str]:
    if metadata is None:
        return []
    grouped = canonical_properties(next(iter(metadata.variants.values())))
    return [
        f"{namespace} :: {feature} :: {value}"
        for namespace, features in grouped.items()
        for feature, values in features.items()
        for value in values
    ]


def _provider(info: ProviderInfo) -> dict[str, object]:
    described: dict[str, object] = {"optional": info.optional}
    if info.static is not None:
        described["static"] = [{"name": feature.name, "values": [*feature.values]} for feature in info.static]
    elif info.builtin is not None:
        described["builtin"] = info.builtin
    else:
        described.update({"requires": [*info.requires], "plugin_api": info.plugin_api})
    return described


def _said(info: ProviderInfo) -> str:
    if info.static is not None:
        said = "static, " + "; ".join(f"{feature.name} {' '.join(feature.values)}" for feature in info.static)
    elif info.builtin is not None:
        said = "built in"
    else:
        said = ", ".join(info.requires) + (f" ({info.plugin_api})" if info.plugin_api else "")
    return said + (", optional" if info.optional else "")

"""Metadata read and written: what is accepted, every problem with its key path, and the canonical form."""

from __future__ import annotations

import datetime
import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.documents import document, metadata, plain_metadata
from variantkit.errors import DocumentError, InputError
from variantkit.variants.grammar import Feature
from variantkit.variants.jsontext import MAX_BYTES
from variantkit.variants.metadata import (
    MOST_PROBLEMS,
    SCHEMA_825,
    SCHEMA_850,
    Metadata,
    ProviderInfo,
    dump_metadata,
    label_metadata,
    metadata_from_object,
    parse_metadata,
)
from variantkit.variants.shape import take_census, variants_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "https://variants-schema.wheelnext.dev"
VALUE = {"type": "string", "pattern": "^[a-z0-9_.]+$"}
NAME = {"type": "string", "pattern": "^[a-z0-9_]+$"}


def closed(key: str, value: object) -> dict[str, object]:
    """A JSON schema for a table of such keys and values, and of nothing else."""
    return {"type": "object", "patternProperties": {key: value}, "additionalProperties": False}


def entries(item: object) -> dict[str, object]:
    return {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}


# PEP 825's rules for a document without providers, in the words of JSON schema
RULES_825 = {
    "type": "object",
    "required": ["$schema", "default-priorities", "variants"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string"},
        "default-priorities": {
            "type": "object",
            "required": ["namespace"],
            "additionalProperties": False,
            "properties": {"namespace": entries(NAME)},
        },
        "variants": closed(VALUE["pattern"], closed(NAME["pattern"], closed(NAME["pattern"], entries(VALUE)))),
    },
}


def paths_of(found: object) -> list[str]:
    """The key paths of the problems of a document, given as an object and as text."""
    with pytest.raises(DocumentError) as by_object:
        metadata_from_object(found, "doc")
    with pytest.raises(DocumentError) as by_text:
        parse_metadata(json.dumps(found), "doc")
    assert by_object.value.problems == by_text.value.problems
    return [problem.path for problem in by_object.value.problems]


def provider(**changes: object) -> dict[str, Any]:
    """A document whose provider for `x86_64` is exactly this."""
    info = {key.replace("_", "-"): value for key, value in changes.items()}
    return document(default_priorities={"namespace": ["x86_64"]}, providers={"x86_64": info}, variants={})


def variants(table: object) -> dict[str, Any]:
    return document(variants=table)


def test_a_document_is_read_into_its_facts() -> None:
    found = parse_metadata(json.dumps(document()).encode(), "doc")
    assert found.schema == SCHEMA_850
    assert found.namespaces == ("x86_64", "blas")
    assert found.providers["x86_64"] == ProviderInfo(
        requires=("x86-64-provider >=1; python_version >= '3'",), plugin_api="x86_provider:Plugin"
    )
    assert found.providers["blas"] == ProviderInfo(
        static=(Feature("library", ("openblas", "mkl")), Feature("threads", ("omp",))), optional=True
    )
    assert found.variants["v3_mkl"] == {"x86_64": {"level": ["v3", "v2"]}, "blas": {"library": ["mkl"]}}
    assert (found.feature_priorities, found.property_priorities) == ({}, {})


ACCEPTED = {
    "825 without providers": {k: v for k, v in document(schema=SCHEMA_825).items() if k != "providers"},
    "825 with null for providers": document(schema=SCHEMA_825, providers=None),
    "825 with providers": document(schema=SCHEMA_825),
    "825 of another patch": document(schema=f"{HOST}/peps/825/v0.1.7.json"),
    "the draft's own URL": document(schema=f"{HOST}/peps/9999/v0.2.0.json"),
    "variantlib's URL": document(schema=f"{HOST}/v0.2.0.json"),
    "a newer minor version": document(schema=f"{HOST}/peps/850/v0.3.0.json"),
    "a newer minor version with keys of its own": document(
        schema=f"{HOST}/peps/850/v0.30.1.json",
        novelty=1,
        default_priorities={"namespace": ["x86_64", "blas"], "novelty": []},
        providers={"x86_64": {"requires": ["p"], "novelty": {}}, "blas": {"requires": ["q"]}},
    ),
    "no variants": variants({}),
    "a label of 60 characters": variants({"x" * 60: {}}),
    "a label with an empty namespace": variants({"null": {"blas": {}}}),
    "an empty label's properties": variants({"aempty": {}}),
    "requires nothing": provider(requires=[]),
    "requires something unparsable": provider(requires=["%%"]),
    "null for plugin-api": provider(requires=["p"], plugin_api=None),
    "static with nothing": provider(static_properties={}),
    "a static feature with nothing": provider(static_properties={"level": []}),
    "one static feature with an order": provider(static_properties={"level": ["v1"]}, feature_order=["level"]),
    "abi_dependency as the draft has it": variants({"t": {"abi_dependency": {"torch": ["2.9"]}}}),
    "abi_dependency as uv and variantlib have it": document(
        default_priorities={"namespace": ["blas", "abi_dependency"]},
        providers={"blas": {"requires": ["q"]}, "abi_dependency": {"builtin": "abi_dependency"}},
        variants={"t": {"abi_dependency": {"torch": ["2.9"]}}},
    ),
    "empty draft priorities": document(
        default_priorities={"namespace": ["x86_64", "blas"], "feature": {}, "property": {}}
    ),
}


@pytest.mark.parametrize("found", ACCEPTED.values(), ids=ACCEPTED)
def test_a_sound_document_is_accepted(found: dict[str, Any]) -> None:
    assert parse_metadata(json.dumps(found), "doc") == metadata_from_object(found, "doc")


NAMESPACE = "default-priorities.namespace"
REFUSED: dict[str, tuple[object, list[str]]] = {
    "not an object": ([], [""]),
    "nothing in it": ({}, ["$schema", "default-priorities", "variants"]),
    "another key": (document(extra=1), ["extra"]),
    "schema not a string": (document(schema=1), ["$schema"]),
    "schema without a version": (document(schema="banana"), ["$schema"]),
    "schema with half a version": (document(schema=f"{HOST}/v0.2.json"), ["$schema"]),
    "schema of another major version": (document(schema=f"{HOST}/v1.0.0.json"), ["$schema"]),
    "schema of another major version, and more": (document(schema=f"{HOST}/v7.0.0.json", extra=1), ["$schema"]),
    "850 without providers": ({k: v for k, v in document().items() if k != "providers"}, ["providers"]),
    "825 with empty providers": (document(schema=SCHEMA_825, providers={}), ["providers.blas", "providers.x86_64"]),
    "providers not an object": (document(providers=[]), ["providers"]),
    "a provider not an object": (
        document(providers={"x86_64": [], "blas": {"requires": []}}),
        ["providers.x86_64"],
    ),
    "a provider too many": (
        document(providers={**document()["providers"], "more": {"requires": []}}),
        ["providers.more"],
    ),
    "priorities not an object": (document(default_priorities=[], variants={}, providers={}), ["default-priorities"]),
    "priorities without namespaces": (document(default_priorities={}, variants={}, providers={}), [NAMESPACE]),
    "no namespace": (document(default_priorities={"namespace": []}, variants={}, providers={}), [NAMESPACE]),
    "namespaces not a list": (document(default_priorities={"namespace": "x"}, variants={}, providers={}), [NAMESPACE]),
    "a namespace twice": (
        document(default_priorities={"namespace": ["x86_64", "blas", "blas"]}),
        [f"{NAMESPACE}[2]"],
    ),
    "a namespace in capitals": (
        document(default_priorities={"namespace": ["x86_64", "blas", "AMD"]}),
        [f"{NAMESPACE}[2]", "providers.AMD"],
    ),
    "another priority": (
        document(default_priorities={"namespace": ["x86_64", "blas"], "value": {}}),
        ["default-priorities.value"],
    ),
    "a draft feature twice": (
        document(default_priorities={"namespace": ["x86_64", "blas"], "feature": {"blas": ["f", "f"]}}),
        ["default-priorities.feature.blas[1]"],
    ),
    "a draft value with a foreign character": (
        document(default_priorities={"namespace": ["x86_64", "blas"], "property": {"blas": {"f": ["V"]}}}),
        ["default-priorities.property.blas.f[0]"],
    ),
    "provider with nothing": (provider(), ["providers.x86_64"]),
    "provider of two kinds": (provider(requires=["p"], static_properties={}), ["providers.x86_64"]),
    "provider with plugin-api alone": (
        provider(plugin_api="p"),
        ["providers.x86_64", "providers.x86_64.plugin-api"],
    ),
    "provider with enable-if": (provider(requires=["p"], enable_if="x"), ["providers.x86_64.enable-if"]),
    "optional not true or false": (provider(requires=["p"], optional=1), ["providers.x86_64.optional"]),
    "requires a string": (provider(requires="p"), ["providers.x86_64.requires"]),
    "requires two lines": (provider(requires=["p", "q\nr"]), ["providers.x86_64.requires[1]"]),
    "requires a terminal escape": (provider(requires=["\x1b[2J"]), ["providers.x86_64.requires[0]"]),
    "plugin-api no reference": (provider(requires=["p"], plugin_api="a b"), ["providers.x86_64.plugin-api"]),
    "plugin-api beside static": (
        provider(static_properties={}, plugin_api="p"),
        ["providers.x86_64.plugin-api"],
    ),
    "builtin for another namespace": (provider(builtin="abi_dependency"), ["providers.x86_64"]),
    "another builtin": (
        document(
            default_priorities={"namespace": ["abi_dependency"]},
            providers={"abi_dependency": {"builtin": "python"}},
            variants={},
        ),
        ["providers.abi_dependency.builtin"],
    ),
    "a package for the reserved namespace": (
        document(
            default_priorities={"namespace": ["abi_dependency"]},
            providers={"abi_dependency": {"requires": ["p"]}},
            variants={},
        ),
        ["providers.abi_dependency"],
    ),
    "static value twice": (
        provider(static_properties={"f": ["a", "a"]}),
        ["providers.x86_64.static-properties.f[1]"],
    ),
    "static value with a foreign character": (
        provider(static_properties={"f": ["A"]}),
        ["providers.x86_64.static-properties.f[0]"],
    ),
    "two static features without an order": (provider(static_properties={"f": [], "g": []}), ["providers.x86_64"]),
    "an order that leaves one out": (
        provider(static_properties={"f": [], "g": []}, feature_order=["f"]),
        ["providers.x86_64.feature-order"],
    ),
    "an order with one twice": (
        provider(static_properties={"f": [], "g": []}, feature_order=["f", "g", "f"]),
        ["providers.x86_64.feature-order[2]"],
    ),
    "an order without static": (
        provider(requires=["p"], feature_order=["f"]),
        ["providers.x86_64.feature-order"],
    ),
    "variants not an object": (variants([]), ["variants"]),
    "a variant not an object": (variants({"v": []}), ["variants.v"]),
    "a label in capitals": (variants({"V": {}}), ["variants.V"]),
    "a label with a foreign character": (variants({"a b": {}}), ['variants."a b"']),
    "an empty label": (variants({"": {}}), ['variants.""']),
    "null with properties": (variants({"null": {"blas": {"f": ["v"]}}}), ["variants.null"]),
    "a namespace not listed": (variants({"v": {"amd": {"f": ["v"]}}}), ["variants.v.amd"]),
    "a namespace not an object": (variants({"v": {"blas": ["f"]}}), ["variants.v.blas"]),
    "a feature with a dot": (variants({"v": {"blas": {"f.g": ["v"]}}}), ["variants.v.blas.f.g"]),
    "values a string": (variants({"v": {"blas": {"f": "v"}}}), ["variants.v.blas.f"]),
    "values an object": (variants({"v": {"blas": {"f": {"v": 1}}}}), ["variants.v.blas.f"]),
    "no value": (variants({"v": {"blas": {"f": []}}}), ["variants.v.blas.f"]),
    "a value twice": (variants({"v": {"blas": {"f": ["v", "w", "v"]}}}), ["variants.v.blas.f[2]"]),
    "a value that is a number": (variants({"v": {"blas": {"f": ["v", 3]}}}), ["variants.v.blas.f[1]"]),
    "a value in capitals": (variants({"v": {"blas": {"f": ["V3"]}}}), ["variants.v.blas.f[0]"]),
}  # fmt: skip


@pytest.mark.parametrize(("found", "paths"), REFUSED.values(), ids=REFUSED)
def test_a_broken_document_is_refused_where_it_is_broken(found: object, paths: list[str]) -> None:
    assert paths_of(found) == paths


def test_all_problems_of_a_document_are_reported_together() -> None:
    found = document(
        extra=1,
        default_priorities={"namespace": ["x86_64", "x86_64"]},
        variants={"V": {"amd": {"f": []}}, "w": {"x86_64": {"level": ["v3", "v3"]}}},
    )
    assert paths_of(found) == [
        "extra",
        f"{NAMESPACE}[1]",
        "providers.blas",
        "variants.V",
        "variants.V.amd",
        "variants.V.amd.f",
        "variants.w.x86_64.level[1]",
    ]


def test_the_message_names_the_document_and_the_place() -> None:
    with pytest.raises(DocumentError) as error:
        metadata_from_object(variants({"v": {"blas": {"f": ["V3"]}}}), "numpy-1.0-variants.json")
    expected = "numpy-1.0-variants.json: variants.v.blas.f[0]: expected a value of a-z 0-9 _ ., found 'V3'"
    assert str(error.value) == expected


def test_problems_without_end_are_cut_off() -> None:
    found = variants({f"V{number}": {} for number in range(MOST_PROBLEMS + 5)})
    assert len(paths_of(found)) == MOST_PROBLEMS


def test_a_hostile_key_is_escaped_and_cut_in_a_path() -> None:
    [path] = paths_of(document(**{"\x1b[31m" + "x" * 10_000: 1}))
    assert path.isascii()
    assert path.isprintable()
    assert len(path) < 150


SOUND = json.dumps(document())
UNREADABLE: dict[str, tuple[bytes | str, str]] = {
    "nothing": (b"", "Expecting value"),
    "a byte order mark": (b"\xef\xbb\xbf" + SOUND.encode(), "byte order mark"),
    "a byte order mark in text": ("\ufeff" + SOUND, "byte order mark"),
    "UTF-16": (SOUND.encode("utf-16"), "UTF-8"),
    "Latin-1": (SOUND.replace("v3_mkl", "v3_mkl\xe9").encode("latin-1"), "UTF-8"),
    "a comment": (SOUND + "\n// no", "line 2 column 1: Extra data"),
    "a trailing comma": (SOUND[:-1] + ",}", "line 1 column"),
    "NaN": (SOUND[:-1] + ', "x": NaN}', "NaN"),
    "minus Infinity": (SOUND[:-1] + ', "x": -Infinity}', "-Infinity"),
    "a control character": (SOUND.replace("v3_mkl", "v3\nmkl"), "control character"),
    "a number of 5,000 digits": (SOUND[:-1] + ', "x": ' + "9" * 5000 + "}", "expected"),
    "deep nesting": ("[" * 200_000 + "]" * 200_000, "nested too deeply"),
    "deep nesting of objects": ('{"a":' * 200_000 + "1" + "}" * 200_000, "nested too deeply"),
    "more than the limit": (b" " * (MAX_BYTES + 1), str(MAX_BYTES)),
}


@pytest.mark.parametrize(("data", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_json_for_every_reader_is_one_document_error(data: bytes | str, message: str) -> None:
    with pytest.raises(DocumentError, match=re.escape(message)):
        parse_metadata(data, "doc")


REPEATED = {
    "at the top": ('{"$schema"', '{"variants": {}, "$schema"', "variants"),
    "a label": ('"null": {}', '"null": {}, "null": {}', "variants.null"),
    "a label, with different properties": ('"null": {}', '"v3_mkl": {}, "null": {}', "variants.v3_mkl"),
    "a namespace": ('"blas": {"library": ["mkl"]}', '"blas": {}, "blas": {"library": ["mkl"]}', "variants.v3_mkl.blas"),
    "a feature": ('"library": ["mkl"]', '"library": ["mkl"], "library": ["mkl"]', "variants.v3_mkl.blas.library"),
    "a provider": ('"providers": {', '"providers": {"x86_64": {},', "providers.x86_64"),
    "a key of a provider": ('"optional": true', '"optional": true, "optional": false', "providers.blas.optional"),
    "written with an escape": ('"null": {}', '"null": {}, "n\\u0075ll": {}', "variants.null"),
    "behind an escaped colon": (
        '{"requires": ["x86',
        '{"requires": ["\\u003a"], "requires": ["\\u003ax86',
        "providers.x86_64.requires",
    ),
}


@pytest.mark.parametrize(("old", "new", "path"), REPEATED.values(), ids=REPEATED)
def test_a_repeated_key_is_found_wherever_it_is(old: str, new: str, path: str) -> None:
    assert old in SOUND
    with pytest.raises(DocumentError) as error:
        parse_metadata(SOUND.replace(old, new, 1), "doc")
    assert [(problem.path, "repeated" in problem.message) for problem in error.value.problems] == [(path, True)]


def test_a_great_many_repeated_keys_are_cut_off_like_other_problems() -> None:
    pairs = ", ".join(f'"v{number // 2}": {{}}' for number in range(100_000))
    with pytest.raises(DocumentError) as error:
        parse_metadata(SOUND.replace('"null": {}', pairs), "doc")
    assert len(error.value.problems) == MOST_PROBLEMS


def test_a_repeated_key_is_found_under_keys_that_a_newer_version_brings() -> None:
    text = SOUND.replace("v0.2.0.json", "v0.9.0.json")[:-1] + ', "novelty": [{"a": 1, "a": 1}]}'
    with pytest.raises(DocumentError, match=r"novelty\[0\]\.a: expected the key once"):
        parse_metadata(text, "doc")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KEY_PATHS = [
    (),
    ("$schema",),
    ("default-priorities",),
    ("default-priorities", "namespace"),
    ("default-priorities", "feature"),
    ("default-priorities", "property"),
    ("providers",),
    ("providers", "blas"),
    ("providers", "blas", "static-properties"),
    ("providers", "blas", "feature-order"),
    ("providers", "blas", "optional"),
    ("providers", "x86_64", "requires"),
    ("providers", "x86_64", "plugin-api"),
    ("variants",),
    ("variants", "null"),
    ("variants", "v3_mkl", "blas"),
    ("variants", "v3_mkl", "blas", "library"),
]


def planted(keys: tuple[str, ...], value: object) -> object:
    found: Any = document()
    if not keys:
        return value
    node = found
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    return found


@settings(max_examples=300)
@given(st.sampled_from(KEY_PATHS), JSON_VALUES)
def test_anything_anywhere_is_read_or_a_document_error(keys: tuple[str, ...], value: object) -> None:
    text = json.dumps(planted(keys, value))
    try:
        found = parse_metadata(text, "doc")
    except DocumentError:
        return
    assert parse_metadata(dump_metadata(found), "doc").variants.keys() == found.variants.keys()


NEAR_NAMES = st.sampled_from(["blas", "amd", "null", "v3", "V3", "", "a.b", "x"])
NEAR_LISTS = st.lists(NEAR_NAMES | st.integers(), max_size=3)
NEAR_FEATURES = st.dictionaries(NEAR_NAMES, NEAR_LISTS | st.text(max_size=2), max_size=2) | NEAR_LISTS
NEAR_VARIANTS = st.dictionaries(
    NEAR_NAMES, st.dictionaries(NEAR_NAMES, NEAR_FEATURES, max_size=2) | NEAR_LISTS, max_size=3
)


@settings(max_examples=300)
@given(NEAR_VARIANTS)
def test_the_quick_look_at_variants_and_the_long_one_agree(table: dict[str, Any]) -> None:
    names = sorted({namespace for found in table.values() if isinstance(found, dict) for namespace in found})
    listed = variants(table) | {"default-priorities": {"namespace": names}}
    assert (take_census(table) is not None) == (list(variants_problems(listed)) == [])


@settings(max_examples=150)
@given(st.binary(max_size=80) | st.text(max_size=80))
def test_any_bytes_are_a_document_error(data: bytes | str) -> None:
    with pytest.raises(DocumentError):
        parse_metadata(data, "doc")


@settings(max_examples=150)
@given(metadata())
def test_canonical_metadata_is_read_back_as_it_was_written(found: Metadata) -> None:
    assert parse_metadata(dump_metadata(found), "doc") == found


@given(metadata())
def test_the_canonical_text_is_the_same_whatever_the_order_of_the_keys(found: Metadata) -> None:
    turned = found._replace(
        variants=dict([*found.variants.items()][::-1]), providers=dict([*found.providers.items()][::-1])
    )
    assert dump_metadata(turned) == dump_metadata(found)


@given(metadata())
def test_metadata_without_providers_keeps_the_rules_of_schema_825(found: Metadata) -> None:
    text = dump_metadata(found._replace(providers={}))
    jsonschema.validate(json.loads(text), RULES_825)


def test_the_canonical_form_is_this_text() -> None:
    found = parse_metadata(json.dumps(document(schema=f"{HOST}/v0.2.0.json")), "doc")
    assert dump_metadata(found) == CANONICAL


CANONICAL = """\
{
  "$schema": "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json",
  "default-priorities": {
    "namespace": [
      "x86_64",
      "blas"
    ]
  },
  "providers": {
    "blas": {
      "static-properties": {
        "library": [
          "openblas",
          "mkl"
        ],
        "threads": [
          "omp"
        ]
      },
      "feature-order": [
        "library",
        "threads"
      ],
      "optional": true
    },
    "x86_64": {
      "requires": [
        "x86-64-provider >=1; python_version >= '3'"
      ],
      "plugin-api": "x86_provider:Plugin"
    }
  },
  "variants": {
    "null": {},
    "v3_mkl": {
      "blas": {
        "library": [
          "mkl"
        ]
      },
      "x86_64": {
        "level": [
          "v2",
          "v3"
        ]
      }
    }
  }
}
"""


def drafted(feature: Mapping[str, object], values: Mapping[str, object]) -> Metadata:
    static = {"static-properties": {"a": ["a1", "a2"], "b": ["b1"]}}
    return metadata_from_object(
        document(
            default_priorities={"namespace": ["blas"], "feature": feature, "property": values},
            providers={"blas": static},
            variants={},
        ),
        "doc",
    )


def test_the_draft_keeps_the_order_of_static_features_outside_the_provider() -> None:
    found = drafted({"blas": ["b", "a"]}, {})
    assert found.providers["blas"].static == (Feature("b", ("b1",)), Feature("a", ("a1", "a2")))
    assert found.feature_priorities == {"blas": ("b", "a")}


def test_a_draft_order_must_name_every_static_feature() -> None:
    with pytest.raises(DocumentError, match="feature-order"):
        drafted({"blas": ["b"]}, {})


def test_draft_priorities_are_written_as_the_order_of_static_properties() -> None:
    written = json.loads(dump_metadata(drafted({"blas": ["b", "a"]}, {"blas": {"a": ["a2"]}})))
    assert written["default-priorities"] == {"namespace": ["blas"]}
    assert written["providers"]["blas"]["feature-order"] == ["b", "a"]
    assert written["providers"]["blas"]["static-properties"]["a"] == ["a2", "a1"]


def test_abi_dependency_is_written_in_the_form_that_uv_and_variantlib_read() -> None:
    found = metadata_from_object(ACCEPTED["abi_dependency as the draft has it"], "doc")
    written = json.loads(dump_metadata(found))
    assert written["default-priorities"]["namespace"] == ["x86_64", "blas", "abi_dependency"]
    assert written["providers"]["abi_dependency"] == {"builtin": "abi_dependency"}


def test_one_label_is_cut_out_for_its_wheel() -> None:
    whole = metadata_from_object(document(), "doc")
    alone = label_metadata(whole, "v3_mkl")
    assert alone == whole._replace(variants={"v3_mkl": whole.variants["v3_mkl"]})
    with pytest.raises(InputError, match="null, v3_mkl"):
        label_metadata(whole, "v4")


def test_a_table_read_from_toml_has_the_same_problems() -> None:
    with pytest.raises(DocumentError, match=r"variants\.v\.blas\.f\[0\]: expected a value .* found date"):
        metadata_from_object(variants({"v": {"blas": {"f": [datetime.date(2026, 1, 1)]}}}), "variants.toml")


def test_plain_metadata_is_schema_825() -> None:
    assert json.loads(dump_metadata(plain_metadata({"null": {}})))["$schema"] == SCHEMA_825

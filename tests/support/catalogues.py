"""Ledgers for the catalogue's tests: one with every state and kind of evidence, and one that attacks its reader."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING

from variantkit.trust import parse_approved
from variantkit_allowlist.model import SCHEMA, Ledger
from variantkit_allowlist.site import WheelFacts, build_catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from variantkit.trust import ApprovedList
    from variantkit_allowlist.model import Approval
    from variantkit_allowlist.site import Catalogue

NOW = 1_795_262_400 + 3600 * 13  # 2026-11-21, in the afternoon
DAY = datetime.date(2026, 11, 21)

HOSTILE = (
    "<script>alert(document.domain)</script>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover=alert(1) x='",
    "<svg/onload=alert(1)>",
    "</title></style></textarea><iframe src=https://attacker.example/>",
    "\u202edesrever\u202c \u2066x\u2069 \u200f",
    "line\u2028separator\u2029paragraph\x85next",
    "x\x00\x1b[2J\x07",
    '"\n[[approved]]\npackage = "forged"\nversion = "9"\n',
    "<!-- --!> <![CDATA[ ]]>",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "&lt;script&gt; &#x3c;script",
    "https://user:secret@attacker.example/",
    "data:text/html,<script>alert(1)</script>",
    "http://attacker.example/plain",
    "//attacker.example/x.js",
    'https://attacker.example/" onclick=alert(1) x="',
    "https://attacker.example/\u202e",
)


def approval(package: str, version: str, digit: str, **fields: object) -> dict[str, object]:
    """An approval as it stands in providers.toml; `digit` makes its sha256."""
    made: dict[str, object] = {
        "package": package,
        "version": version,
        "namespace": package.split("-", maxsplit=1)[0],
        "sha256": (digit * 64,),
        "plugin-api": (f"{package.replace('-', '_')}:plugin",),
        "evidence": "identity",
        "who": ("ada", "ben"),
        "criteria": ("reviewed-source",),
        "approved": datetime.date(2026, 11, 1),
        "expires": datetime.date(2027, 11, 1),
    }
    return made | {key.replace("_", "-"): value for key, value in fields.items()}


def person(name: str, affiliation: str) -> dict[str, object]:
    return {"name": name, "affiliation": affiliation, "keys": ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAx",)}


def sample_ledger(*more: dict[str, object]) -> Ledger:
    """A ledger with one approval of every state and every kind of evidence."""
    approved = [
        approval("nvidia-provider", "0.10.0", "1", notes="First line.\nSecond.",
                 identity={"repository": "https://code.example/nvidia", "ref": "refs/tags/v10"},
                 needs={"read": ("/proc/driver/nvidia/version",), "libraries": ("libnvidia-ml.so.1",)}),
        approval("nvidia-provider", "0.9.0", "2", superseded=True),
        approval("nvidia-provider", "0.8.0", "3"),
        approval("amd-provider", "1.0", "4", evidence="key"),
        approval("intel-provider", "1.0", "5", evidence="rebuild", expires=datetime.date(2027, 1, 1)),
        approval("ascend-provider", "1.0", "6", expires=datetime.date(2026, 11, 21)),
        approval("tpu-provider", "1.0", "7", evidence="none"),
    ]  # fmt: skip
    revoked = [
        {
            "package": "nvidia_provider",
            "version": "0.8",
            "since": datetime.date(2026, 8, 1),
            "reason": "Wrong answers.",
        },
        {"sha256": ("e" * 64,), "since": datetime.date(2026, 9, 1), "reason": "Stolen account.", "who": "ben"},
    ]
    return _ledger([*approved, *more], revoked)


def _ledger(approved: Sequence[dict[str, object]], revoked: Sequence[dict[str, object]]) -> Ledger:
    rule = {"repository": "https://code.example/nvidia", "workflow": "release.yml", "owner-id": "42"}
    package = {"namespace": "nvidia", "plugin-api": ("nvidia_provider:plugin",), "identity": (rule,)}
    imported = {
        "url": "https://lists.example/p/",
        "root-sha256": "7" * 64,
        "namespaces": ("ascend",),
        "criteria": {"a": "b"},
    }
    return Ledger.model_validate(
        {
            "schema": SCHEMA,
            "id": "example.org/providers",
            "policy": {"unattested": True},
            "criteria": {"reviewed-source": {"description": "Read whole.", "implies": ("reviewed-data",)}},
            "reviewers": {"ada": person("Ada Example", "Institute"), "ben": person("Ben Muster", "Foundation")},
            "roles": {"root": {"threshold": 2, "keyholders": ("ada", "ben"), "days": 365}},
            "packages": {"nvidia-provider": package},
            "imports": {"partner": imported},
            "approved": tuple(approved),
            "revoked": tuple(revoked),
        }
    )  # fmt: skip


def edition_of(approvals: Sequence[Approval], **more: object) -> ApprovedList:
    """An enforcement file with these approvals, as `publish` would write it."""
    entries = [
        {"namespace": item.namespace, "package": item.package, "version": item.version, "sha256": list(item.sha256),
         "plugin-api": list(item.plugin_api)}
        for item in approvals
    ]  # fmt: skip
    document: dict[str, object] = {
        "schema": "variantkit.approved/1",
        "id": "example.org/providers",
        "serial": 7,
        "issued": "2026-11-20",
        "expires": "2027-11-20",
        "providers": entries,
        "revoked": [],
    }
    return parse_approved(json.dumps(document | more).encode(), "approved.json")


def sample_catalogue() -> Catalogue:
    """The sample ledger, published but for one provider, with what an inspection found in one wheel."""
    ledger = sample_ledger()
    edition = edition_of([item for item in ledger.approved if item.package != "amd-provider"])
    found = (("Files", tuple(f"nvidia_provider/module_{number}.py" for number in range(20))), ("Network", ()))
    facts = WheelFacts("nvidia_provider-0.10.0-py3-none-any.whl", 23456, found, "PASSED on 2026-11-01")
    return build_catalogue(ledger, edition, {"1" * 64: facts}, NOW)


def hostile_catalogue() -> Catalogue:
    """A catalogue in which every text that somebody else can write is an attack, every attack in every place."""
    ledger = sample_ledger()
    attacks = list(HOSTILE)
    approvals = tuple(_attacked(ledger.approved[0], text, place) for place, text in enumerate(attacks))
    people = {text: next(iter(ledger.reviewers.values())).model_copy(
        update={"name": text, "affiliation": text, "keys": (text,), "accounts": (text,), "emails": (text,)}
    ) for text in attacks}  # fmt: skip
    criteria = {
        text: ledger.criteria["reviewed-source"].model_copy(update={"description": text, "implies": (text,)})
        for text in attacks
    }
    packages = {text: _attacked_package(ledger, text) for text in attacks}
    imports = {text: ledger.imports["partner"].model_copy(
        update={"url": text, "root_sha256": text, "namespaces": (text,), "criteria": {text: text}, "notes": text}
    ) for text in attacks}  # fmt: skip
    revoked = tuple(
        ledger.revoked[0].model_copy(update={"package": text, "version": text, "reason": text, "who": text})
        for text in attacks
    )
    hostile = ledger.model_copy(
        update={"id": attacks[3], "approved": approvals, "reviewers": people, "criteria": criteria, 
                "packages": packages, "imports": imports, "revoked": revoked}
    )  # fmt: skip
    everything = tuple(attacks)
    facts = WheelFacts(attacks[3], 1, tuple((text, everything) for text in attacks), attacks[0])
    return build_catalogue(hostile, None, {f"{place:064x}": facts for place in range(len(attacks))}, NOW)


def _attacked(model: Approval, text: str, place: int) -> Approval:
    identity = (
        model.identity.model_copy(update=dict.fromkeys(type(model.identity).model_fields, text))
        if model.identity
        else None
    )
    texts = dict.fromkeys(("package", "version", "namespace", "delta_from", "notes"), text)
    lists = dict.fromkeys(
        ("plugin_api", "index", "presence", "fingerprint", "reimplements", "criteria", "reviews"), (text,)
    )
    needs = model.needs.model_copy(update=dict.fromkeys(("read", "devices", "libraries", "programs"), (text,)))
    hashes = {"sha256": (f"{place:064x}",), "configs_sha256": text}
    return model.model_copy(
        update={**texts, **lists, **hashes, "needs": needs, "identity": identity, "who": (*HOSTILE,)}
    )


def _attacked_package(ledger: Ledger, text: str) -> object:
    package = ledger.packages["nvidia-provider"]
    rule = package.identity[0].model_copy(
        update={"repository": text, "workflow": text, "issuer": text, "trigger": (text,)}
    )
    return package.model_copy(
        update={
            "namespace": text,
            "plugin_api": (text,),
            "authors": (text,),
            "identity": (rule,),
            "source": text,
            "notes": text,
        }
    )

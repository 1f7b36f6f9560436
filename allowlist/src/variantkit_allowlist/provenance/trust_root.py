"""Trust root: the keys of a Sigstore instance, each with the time in which it may have been used."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit_allowlist.provenance.material import MaterialError, has_snake_case, load_object
from variantkit_allowlist.store.files import read_file

if TYPE_CHECKING:
    from collections.abc import Collection

    from sigstore.verify import Verifier

MAX_BYTES = 1 << 20
_INSTANCES = ("tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities")
_is_moment = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)").fullmatch
_PUBLIC_GOOD = "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"


class Window(NamedTuple):
    """When one key or authority of the root may have been used, both ends included; None is open."""

    start: int | None
    end: int | None


class TrustRoot(NamedTuple):
    """A trusted_root.json that was found usable; `windows` has one entry per instance, in `_INSTANCES`' order."""

    data: bytes
    sha256: str
    windows: tuple[Window, ...]

    def kept_at(self, times: Collection[float]) -> tuple[bool, ...]:
        """Which instances may have been used at all of these times, in unix seconds."""
        return tuple(
            all((start is None or start <= time) and (end is None or time <= end) for time in times)
            for start, end in self.windows
        )


def load_trust_root(data: bytes, where: str) -> TrustRoot:
    """Read a trusted_root.json; raises InputError when Sigstore could verify nothing with it."""
    try:
        document = load_object(data, where)
        if has_snake_case(document):
            raise ValueError("a key in snake case")
        windows = tuple(_window(instance) for _, instance in _instances(document))
        root = TrustRoot(data, hashlib.sha256(data).hexdigest(), windows)
        _require_usable(root)
    except MaterialError as error:
        raise InputError(f"{error}; expected Sigstore's trusted_root.json") from None
    except Exception as error:  # noqa: BLE001 - Sigstore's readers raise pydantic's, cryptography's and their own
        raise InputError(
            f"{where}: expected Sigstore's trusted_root.json with a log, a certificate authority and their windows,"
            f" found one that cannot be used ({_first_line(error)})"
        ) from None
    return root


def read_trust_root(path: str | None) -> TrustRoot:
    """The trusted_root.json at a path; without one that of the public instance."""
    return bundled_trust_root() if path is None else load_trust_root(read_file(path, MAX_BYTES), path)


def bundled_trust_root() -> TrustRoot:
    """The public instance's root as the installed sigstore package carries it; never a cache that others can write."""
    from importlib.resources import files

    found = files("sigstore") / "_store" / _PUBLIC_GOOD / "trusted_root.json"
    try:
        data = found.read_bytes()
    except OSError:
        raise InputError(
            "the installed sigstore package carries no trusted_root.json; give one: --trust-root"
        ) from None
    return load_trust_root(data, "the installed sigstore package's trusted_root.json")


@lru_cache(maxsize=16)
def verifier_of(data: bytes, kept: tuple[bool, ...]) -> Verifier:
    """The verifier of a root with only those instances that are kept; made once, since its keys take time to read."""
    import logging

    from sigstore.verify import Verifier

    from variantkit_allowlist.provenance.quick_root import root_from_file

    # Sigstore warns through logging, which would print foreign text to a terminal when nobody listens.
    logging.getLogger("sigstore").addHandler(logging.NullHandler())
    document = load_object(data, "trusted_root.json")
    remaining = iter(kept)
    for kind in _INSTANCES:
        found = document.get(kind)
        if isinstance(found, list):
            document[kind] = [instance for instance in found if next(remaining)]
    with tempfile.TemporaryDirectory(prefix="variantkit-") as directory:
        path = os.path.join(directory, "trusted_root.json")  # its only public reader takes a path
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(document, stream)
        return Verifier(trusted_root=root_from_file(path))


def _require_usable(root: TrustRoot) -> None:
    from sigstore._internal.trust import KeyringPurpose

    verifier = verifier_of(root.data, (True,) * len(root.windows))
    trusted = verifier._trusted_root
    trusted.rekor_keyring(KeyringPurpose.VERIFY)
    trusted.ct_keyring(KeyringPurpose.VERIFY)


def _instances(document: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []
    for kind in _INSTANCES:
        instances = document.get(kind, [])
        if not isinstance(instances, list) or not all(isinstance(instance, dict) for instance in instances):
            raise ValueError(f"{kind} is no list of objects")
        found.extend((kind, instance) for instance in instances)
    return found


def _window(instance: dict[str, object]) -> Window:
    key = instance.get("publicKey")
    span = key.get("validFor") if isinstance(key, dict) else instance.get("validFor")
    if span is None:
        return Window(None, None)
    if not isinstance(span, dict):
        raise ValueError("validFor is no object")
    return Window(_moment(span.get("start")), _moment(span.get("end")))


def _moment(text: object) -> int | None:
    if text is None:
        return None
    matched = _is_moment(text) if isinstance(text, str) else None
    if matched is None:
        raise ValueError(f"a time such as 2026-11-21T00:00:00Z was expected, found {ascii(text)[:60]}")
    return int(datetime.fromisoformat(matched[1] + matched[2].replace("Z", "+00:00")).timestamp())


def _first_line(error: Exception) -> str:
    return ascii((str(error) or type(error).__name__).partition("\n")[0])[1:-1][:200]

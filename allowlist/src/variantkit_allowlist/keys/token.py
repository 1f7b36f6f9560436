"""Keys in a hardware token or HSM, through its vendor's PKCS#11 module (named as RFC 7512 says)."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from securesystemslib.signer import Signature, Signer

from variantkit.errors import InputError, UndeterminedError
from variantkit_allowlist.keys.secret_files import PASSPHRASE_VARIABLE, read_passphrase_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from securesystemslib.signer import HSMSigner, Key, SecretsHandler, SSlibKey

EXPECTED = "expected pkcs11:token=LABEL;id=%02?module-path=/path/of/the/module.so"
MODULE_VARIABLE = "PYKCS11LIB"


class TokenReference(NamedTuple):
    """Which key: the token's label (None for the only token), the key's id as a number, the module's path."""

    label: str | None
    key: int
    module: str


class TokenSigner(Signer):
    """securesystemslib's signer for tokens, which takes its module from the environment, bound to one module."""

    def __init__(self, inner: HSMSigner, module: str) -> None:
        self._inner = inner
        self._module = module

    @property
    def public_key(self) -> SSlibKey:
        return self._inner.public_key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Signer:
        """Part of securesystemslib's interface, for its registry of schemes, which is not used here."""
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        with _module(self._module), _told():
            return self._inner.sign(payload)


def parse_reference(text: str, environ: Mapping[str, str]) -> TokenReference:
    """Read what follows `pkcs11:`; the module may also be named by PYKCS11LIB."""
    path, _, query = text.partition("?")
    attributes = dict(_pairs(path, ";"))
    options = dict(_pairs(query, "&"))
    unknown = {*attributes} - {"token", "id"} | {*options} - {"module-path"}
    if unknown:
        raise InputError(f"pkcs11:{text}: {min(unknown)!a} is not understood; {EXPECTED}")
    module = options.get("module-path") or environ.get(MODULE_VARIABLE, "")
    if not os.path.isabs(module):
        raise InputError(f"pkcs11:{text}: names no module by its absolute path; {EXPECTED}")
    raw = attributes.get("id", "\x02")  # PIV's slot for signatures
    key = int.from_bytes(raw.encode("latin-1"), "big")
    return TokenReference(attributes.get("token"), key, module)


def _pairs(text: str, separator: str) -> Iterator[tuple[str, str]]:
    for part in text.split(separator) if text else ():
        name, equals, value = part.partition("=")
        if not equals or not re.fullmatch("[a-z-]+", name):
            raise InputError(f"pkcs11: {part!a} is not understood; {EXPECTED}")
        yield name, unquote(value, "latin-1" if name == "id" else "utf-8")


def open_token_key(text: str, ask_secret: Callable[[str], str], environ: Mapping[str, str]) -> TokenSigner:
    """Return the signer of a token's key (ECDSA on P-256); its PIN is asked for once."""
    try:
        import pkcs11  # noqa: F401 - securesystemslib's import of it fails late and says less
        from securesystemslib.signer import HSMSigner
    except ImportError:
        raise InputError("pkcs11: expected python-pkcs11; run: pip install 'variantkit-allowlist[pkcs11]'") from None
    reference = parse_reference(text, environ)
    known: list[str] = []

    def ask_pin(what: str) -> str:
        if not known:
            named = environ.get(PASSPHRASE_VARIABLE)
            token = reference.label or "the token"
            known.append(read_passphrase_file(named).decode() if named else ask_secret(f"PIN of {token}: "))
        return known[0]

    with _module(reference.module), _told():
        uri, public = HSMSigner.import_(reference.key, reference.label, ask_pin)
        if public.scheme != "ecdsa-sha2-nistp256":
            raise InputError(f"pkcs11:{text}: a key of {public.scheme}; expected ECDSA on P-256")
        return TokenSigner(HSMSigner.from_priv_key_uri(uri, public, ask_pin), reference.module)


@contextlib.contextmanager
def _module(path: str) -> Iterator[None]:
    """Name the module where securesystemslib looks for it, for as long as it takes."""
    before = os.environ.get(MODULE_VARIABLE)
    os.environ[MODULE_VARIABLE] = path
    try:
        yield
    finally:
        if before is None:
            del os.environ[MODULE_VARIABLE]
        else:
            os.environ[MODULE_VARIABLE] = before


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what a module or a token says into one sentence."""
    from pkcs11.exceptions import PinIncorrect, PinLocked, PKCS11Error

    try:
        yield
    except PinLocked:
        raise UndeterminedError("pkcs11: the token's PIN is locked; unlock it with its vendor's tool") from None
    except PinIncorrect:
        raise InputError("pkcs11: the PIN is wrong; a token locks itself after a few of them") from None
    except (PKCS11Error, ValueError, OSError, AssertionError) as error:
        told = str(error) or type(error).__name__
        raise UndeterminedError(f"pkcs11: the token or its module does not do what was asked: {told}") from None

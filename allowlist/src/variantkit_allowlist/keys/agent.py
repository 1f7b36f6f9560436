"""Keys that ssh-agent holds: it signs, and never gives the private key away (draft-ietf-sshm-ssh-agent)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from securesystemslib.signer import Signature, Signer

from variantkit.errors import InputError, UndeterminedError
from variantkit_allowlist.keys.public import PublicKey, parse_public

if TYPE_CHECKING:
    from collections.abc import Mapping

    from securesystemslib.signer import Key, SecretsHandler, SSlibKey

MAX_ANSWER = 1 << 20
TIMEOUT = 120.0  # a person may have to confirm, or to touch a token

_REQUEST_IDENTITIES, _IDENTITIES = 11, 12
_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
_RSA_SHA2_256 = 2


class _Identity(NamedTuple):
    blob: bytes
    comment: str


class AgentSigner(Signer):
    """Signs with one key of the agent behind a socket."""

    def __init__(self, address: str, key: PublicKey) -> None:
        self._address = address
        self._key = key
        self._tuf_key = key.tuf_key()

    @property
    def public_key(self) -> SSlibKey:
        return self._tuf_key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Signer:
        """Part of securesystemslib's interface, for its registry of schemes, which is not used here."""
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        flags = _RSA_SHA2_256 if self._key.algorithm == "ssh-rsa" else 0
        request = _string(self._key.blob) + _string(payload) + struct.pack(">I", flags)
        answer = _ask(self._address, _SIGN_REQUEST, request, _SIGN_RESPONSE)
        signature, _ = _take(answer)
        algorithm, rest = _take(signature)
        value, _ = _take(rest)
        return Signature(self._tuf_key.keyid, _plain(self._key, algorithm, value).hex())


def open_agent_key(fingerprint: str, environ: Mapping[str, str]) -> AgentSigner:
    """Return the signer of `agent:SHA256:…`; raise InputError when the agent has no such key."""
    address = environ.get("SSH_AUTH_SOCK", "")
    if not address:
        raise InputError("agent: expected a running ssh-agent, but SSH_AUTH_SOCK is not set; run: ssh-add FILE")
    known = _usable(_identities(address))
    for key in known:
        if key.fingerprint == fingerprint:
            return AgentSigner(address, key)
    held = ", ".join(key.fingerprint for key in known) or "none of use"
    raise InputError(f"agent:{fingerprint}: the agent has no such key; it holds {held}; run: ssh-add FILE")


def _usable(identities: list[_Identity]) -> list[PublicKey]:
    """The agent's keys of a kind that lists can have; certificates and tokens' `sk-` keys are passed over."""
    import base64

    found = []
    for identity in identities:
        try:
            algorithm, _ = _take(identity.blob)
            line = f"{algorithm.decode('ascii')} {base64.b64encode(identity.blob).decode()}"
            found.append(parse_public(line))
        except (InputError, UndeterminedError, UnicodeDecodeError):
            continue
    return found


def _identities(address: str) -> list[_Identity]:
    answer = _ask(address, _REQUEST_IDENTITIES, b"", _IDENTITIES)
    if len(answer) < 4:
        raise UndeterminedError("agent: its answer is cut off")
    (count,) = struct.unpack_from(">I", answer)
    rest, found = answer[4:], []
    for _ in range(min(count, 1000)):
        blob, rest = _take(rest)
        comment, rest = _take(rest)
        found.append(_Identity(blob, comment.decode("utf-8", "replace")))
    return found


def _ask(address: str, kind: int, body: bytes, expected: int) -> bytes:
    """Send one request and return the body of its answer."""
    import socket

    message = bytes([kind]) + body
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT)
            connection.connect(address)
            connection.sendall(struct.pack(">I", len(message)) + message)
            (length,) = struct.unpack(">I", _receive(connection, 4))
            if not 0 < length <= MAX_ANSWER:
                raise UndeterminedError(f"agent: an answer of {length} bytes")
            answer = _receive(connection, length)
    except AttributeError:
        raise InputError("agent: this system has no Unix sockets; use file: or pkcs11:") from None
    except OSError as error:
        raise UndeterminedError(f"agent: {address} does not answer: {error.strerror or error}") from None
    if answer[0] != expected:
        raise UndeterminedError("agent: it refused; the key may be locked (ssh-add -X) or was not confirmed")
    return answer[1:]


def _receive(connection, length: int) -> bytes:  # type: ignore[no-untyped-def]  # a socket, imported late
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise UndeterminedError("agent: it closed the connection within its answer")
        data += part
    return data


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _take(data: bytes) -> tuple[bytes, bytes]:
    """Take one length-prefixed string from the front."""
    if len(data) < 4:
        raise UndeterminedError("agent: its answer is cut off")
    (length,) = struct.unpack_from(">I", data)
    if len(data) < 4 + length:
        raise UndeterminedError("agent: its answer is cut off")
    return data[4 : 4 + length], data[4 + length :]


def _plain(key: PublicKey, algorithm: bytes, value: bytes) -> bytes:
    """The signature as everybody else has it; SSH wraps that of ECDSA in a form of its own."""
    expected = b"rsa-sha2-256" if key.algorithm == "ssh-rsa" else key.algorithm.encode()
    if algorithm != expected:
        raise UndeterminedError(f"agent: it signed by {algorithm!a}, expected {expected!a}")
    if key.algorithm != "ecdsa-sha2-nistp256":
        return value
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    first, rest = _take(value)
    second, _ = _take(rest)
    return encode_dss_signature(int.from_bytes(first, "big"), int.from_bytes(second, "big"))

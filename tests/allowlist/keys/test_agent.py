"""Keys in ssh-agent: a real agent signs for every kind of key, and a false one is found out."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from support.curation import private_key, public_key
from variantkit.errors import InputError, UndeterminedError
from variantkit_allowlist.keys import open_signer, parse_public, public_of
from variantkit_allowlist.statements.envelope import Subject, make_statement, sign_statement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HAS_AGENT = all(map(shutil.which, ("ssh-agent", "ssh-add", "ssh-keygen")))


def _never(prompt: str) -> str:
    raise AssertionError(f"asked for a secret: {prompt}")


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a running agent without keys."""
    if not HAS_AGENT:
        pytest.skip("ssh-agent is not installed")
    address = str(tmp_path / "agent")
    with subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL) as process:
        try:
            while not os.path.exists(address):
                assert process.poll() is None
            yield {"SSH_AUTH_SOCK": address, "PATH": os.environ["PATH"]}
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("kind", "bits"), [("ed25519", "256"), ("ecdsa", "256"), ("rsa", "3072")], ids=["ed25519", "ecdsa", "rsa"]
)
def test_an_agents_key_signs_what_its_public_line_verifies(
    tmp_path: Path, agent: dict[str, str], kind: str, bits: str
) -> None:
    path = str(tmp_path / "key")
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-f", path], check=True)
    subprocess.run(["ssh-add", "-q", path], check=True, env=agent)
    with open(f"{path}.pub", encoding="ascii") as stream:
        public = parse_public(stream.read())
    signer = open_signer(f"agent:{public.fingerprint}", _never, agent)
    assert public_of(signer.public_key) == public
    for text in (b"", b"text", b"x" * 100_000):
        public.tuf_key().verify_signature(signer.sign(text), text)


def test_a_key_that_the_agent_does_not_hold_is_named_with_those_it_holds(tmp_path: Path, agent: dict[str, str]) -> None:
    with pytest.raises(InputError, match="the agent has no such key; it holds none of use; run: ssh-add FILE"):
        open_signer(f"agent:{public_key('alice').fingerprint}", _never, agent)


def test_without_an_agent_the_reference_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="SSH_AUTH_SOCK is not set"):
        open_signer("agent:SHA256:x", _never, {})
    with pytest.raises(UndeterminedError, match="does not answer"):
        open_signer("agent:SHA256:x", _never, {"SSH_AUTH_SOCK": str(tmp_path / "gone")})


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


IDENTITIES = b"\x0c" + struct.pack(">I", 1) + _string(public_key("alice").blob) + _string(b"alice")
FORGED = b"\x0e" + _string(_string(b"ssh-ed25519") + _string(private_key("bob").sign(b"another text")))


@contextlib.contextmanager
def _false_agent(tmp_path: Path, *answers: bytes) -> Iterator[dict[str, str]]:
    """A socket that gives these answers, one a connection, whatever it is asked."""
    address = str(tmp_path / "false")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(address)
        listener.listen()

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield {"SSH_AUTH_SOCK": address}
        thread.join(5)


def test_a_false_agents_signature_is_never_kept(tmp_path: Path) -> None:
    statement = make_statement(Subject("x-1-py3-none-any.whl", "ab" * 32), "https://example.org/x", {"who": "alice"})
    with _false_agent(tmp_path, _string(IDENTITIES), _string(FORGED)) as environ:
        signer = open_signer(f"agent:{public_key('alice').fingerprint}", _never, environ)
        with pytest.raises(UndeterminedError, match="does not verify; nothing was written"):
            sign_statement(statement, signer)


@pytest.mark.parametrize(
    "answer",
    [
        _string(b"\x05"),
        _string(b"\x0c"),
        _string(b"\x0c" + struct.pack(">I", 5) + _string(b"a")),
        _string(b"\x0c" + struct.pack(">I", 1) + struct.pack(">I", 0xFFFFFFFF)),
        struct.pack(">I", 0),
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">I", 100) + b"short",
        b"",
    ],
    ids=["failure", "no-count", "too-few", "length-beyond", "empty", "endless", "cut", "nothing"],
)
def test_an_answer_that_is_none_is_an_error_of_one_sentence(tmp_path: Path, answer: bytes) -> None:
    with _false_agent(tmp_path, answer) as environ, pytest.raises(UndeterminedError, match=r"^agent: "):
        open_signer("agent:SHA256:x", _never, environ)

"""Public keys: one line, one fingerprint, one id in TUF, whatever wrote the line; what is of no use says why."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.curation import private_key, public_key
from variantkit.errors import InputError
from variantkit_allowlist.keys import from_crypto, parse_public, public_of

if TYPE_CHECKING:
    from pathlib import Path

ALICE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx3vHmfcXhHYXY3n6gz2gzLy1WsrhrKBvpDQUihLXXs"
P256 = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOU"
    "XYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU="
)
"""P-256's base point: the public key of the number 1."""


@pytest.mark.parametrize(
    ("line", "fingerprint", "keyid", "scheme"),
    [
        (
            ALICE,
            "SHA256:+7xIhbyr/BEA4Y9rKKdLn/IrIollyQXI/pzp+1tGu4E",
            "17b9e45d7bb2c57a62ddd6059f1852aeab404280ec048a020399e5ee34ee1e00",
            "ed25519",
        ),
        (
            P256,
            "SHA256:SFMVDOrhOSBssOVH9hIcK/Z2XVf1oSVMjNCL8u2aICY",
            "cf4736fae1a3a019d3506e4345cfb6549c7aa731eb5c19f61b60f0175882edcf",
            "ecdsa-sha2-nistp256",
        ),
    ],
    ids=["ed25519", "ecdsa"],
)
def test_a_line_has_one_id_for_good(line: str, fingerprint: str, keyid: str, scheme: str) -> None:
    """A published list names its signers by these ids: they may never change."""
    key = parse_public(line)
    assert (key.fingerprint, key.tuf_key().keyid, key.tuf_key().scheme) == (fingerprint, keyid, scheme)
    assert public_of(key.tuf_key()) == key


def test_the_comment_and_the_spacing_of_a_line_do_not_count() -> None:
    assert parse_public(f"  {ALICE}   alice@example.org  \n") == public_key("alice") == parse_public(ALICE)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_text(ALICE + "\n")
    printed = subprocess.run(["ssh-keygen", "-l", "-f", path], capture_output=True, text=True, check=True).stdout
    assert printed.split()[1] == parse_public(ALICE).fingerprint


def _openssh(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_an_rsa_key_of_enough_bits_is_taken_under_the_scheme_that_agents_sign_by() -> None:
    key = parse_public(_openssh(rsa.generate_private_key(65537, 3072).public_key()))
    assert (key.algorithm, key.tuf_key().scheme) == ("ssh-rsa", "rsa-pkcs1v15-sha256")
    assert public_of(key.tuf_key()) == key


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "expected an OpenSSH public key line"),
        ("ssh-ed25519", "expected an OpenSSH public key line"),
        ("ssh-ed25519 AAAA", "damaged"),
        (ALICE[:-1] + "!", "damaged"),
        (ALICE[:-8], "damaged"),
        (f"{ALICE}\n{ALICE}", "expected an OpenSSH public key line"),
        (f'command="x" {ALICE}', "expected an OpenSSH public key line"),
        (ALICE.replace("ssh-ed25519 ", "ecdsa-sha2-nistp256 "), "damaged"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "expected an OpenSSH public key line"),
        ("sk-ssh-ed25519@openssh.com AAAA", "expected an OpenSSH public key line"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "expected an OpenSSH public key line"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r", "found a private one"),
        (_openssh(ec.generate_private_key(ec.SECP384R1()).public_key()), "expected an OpenSSH public key line"),
        (_openssh(rsa.generate_private_key(65537, 2048).public_key()), "RSA key of 2048 bits; expected at least 3072"),
        ("ssh-ed25519 " + "A" * 5000, "expected an OpenSSH public key line"),
    ],
    ids=[
        "nothing", "no-key", "too-short", "no-base64", "cut", "two-lines", "options", "another-kind", "dsa",
        "security-key", "certificate", "private", "p384", "rsa-2048", "endless",
    ],
)  # fmt: skip
def test_what_is_no_usable_public_key_says_so(line: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_public(line)


def test_a_private_key_of_this_list_of_persons_is_always_the_same() -> None:
    assert from_crypto(private_key("alice").public_key()).line == ALICE

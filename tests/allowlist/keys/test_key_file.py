"""Private keys in files: encrypted, for their owner's eyes, outside every list, and opened by a passphrase alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support.curation import PASSPHRASE, make_list_directory, private_key, public_key, write_key_file
from variantkit.errors import InputError, RefusedError
from variantkit_allowlist.keys import open_signer, public_of
from variantkit_allowlist.keys.key_file import create_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _typed(prompt: str) -> str:
    return PASSPHRASE


def _never(prompt: str) -> str:
    raise AssertionError(f"asked for a secret: {prompt}")


@pytest.mark.parametrize("scheme", ["file:", ""], ids=["file:", "a-path-alone"])
def test_a_key_file_signs_as_its_person(tmp_path: Path, scheme: str) -> None:
    signer = open_signer(f"{scheme}{write_key_file(tmp_path, 'alice')}", _typed, {})
    assert public_of(signer.public_key) == public_key("alice")
    public_key("alice").tuf_key().verify_signature(signer.sign(b"text"), b"text")


def test_a_new_key_is_encrypted_and_its_owners_alone_and_signs(tmp_path: Path) -> None:
    path = str(tmp_path / "new.pem")
    public = create_key(path, PASSPHRASE.encode)
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path, "rb") as stream:
        assert stream.readline() == b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    signer = open_signer(path, _typed, {})
    public.tuf_key().verify_signature(signer.sign(b"text"), b"text")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_another_tool_opens_a_new_key_with_the_passphrase_and_not_without(tmp_path: Path) -> None:
    path = str(tmp_path / "new.pem")
    create_key(path, PASSPHRASE.encode)
    opened = ["openssl", "pkey", "-in", path, "-noout", "-passin"]
    assert subprocess.run([*opened, f"pass:{PASSPHRASE}"], capture_output=True, check=False).returncode == 0
    assert subprocess.run([*opened, "pass:another"], capture_output=True, check=False).returncode != 0


def test_no_two_encryptions_of_a_key_are_alike(tmp_path: Path) -> None:
    from variantkit_allowlist.keys.encryption import encrypt_key

    key = private_key("alice")
    assert encrypt_key(key, b"one passphrase") != encrypt_key(key, b"one passphrase")


def test_the_passphrase_of_automation_comes_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n")
    secret.chmod(0o600)
    path = write_key_file(tmp_path, "alice")
    signer = open_signer(path, _never, {"VARIANTKIT_KEY_PASSPHRASE_FILE": str(secret)})
    assert public_of(signer.public_key) == public_key("alice")
    secret.chmod(0o644)
    with pytest.raises(InputError, match=r"a passphrase file that others may read \(mode 644\); run: chmod 600"):
        open_signer(path, _never, {"VARIANTKIT_KEY_PASSPHRASE_FILE": str(secret)})


def test_a_wrong_passphrase_is_a_no(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="the passphrase does not open this key"):
        open_signer(write_key_file(tmp_path, "alice"), lambda prompt: "not this one", {})


def _plain_pem(path: Path) -> None:
    path.write_bytes(private_key("alice").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _plain_openssh(path: Path) -> None:
    path.write_bytes(private_key("alice").private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))


def _public_line(path: Path) -> None:
    path.write_text(public_key("alice").line)


def _damaged(path: Path) -> None:
    path.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_plain_pem, "is not encrypted; run: ssh-keygen -p -f"),
        (_plain_openssh, "is not encrypted; run: ssh-keygen -p -f"),
        (_public_line, "expected an encrypted private key, found none"),
        (_damaged, "found a damaged one"),
        (_folder, "found no plain file"),
        (lambda path: None, "found: No such file"),
    ],
    ids=["plain-pkcs8", "plain-openssh", "public", "damaged", "folder", "missing"],
)
def test_a_file_that_is_no_encrypted_key_is_refused(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    path = tmp_path / "key"
    make(path)
    if path.exists():
        path.chmod(0o700 if path.is_dir() else 0o600)
    with pytest.raises(InputError, match=said):
        open_signer(str(path), _never, {})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620], ids=oct)
def test_a_key_that_others_may_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = write_key_file(tmp_path, "alice")
    os.chmod(path, mode)
    with pytest.raises(InputError, match=f"others may read \\(mode {mode:o}\\); run: chmod 600 {path}"):
        open_signer(path, _never, {})


@pytest.mark.parametrize("below", ["", "keys", "a/b"], ids=["list", "below", "far-below"])
def test_attack_36_a_private_key_inside_a_list_is_neither_made_nor_used(tmp_path: Path, below: str) -> None:
    folder = os.path.join(make_list_directory(tmp_path).path, below)
    os.makedirs(folder, exist_ok=True)
    path = write_key_file(folder, "alice")
    with pytest.raises(InputError, match="a private key inside the list directory"):
        open_signer(path, _never, {})
    with pytest.raises(InputError, match="a private key inside the list directory"):
        create_key(os.path.join(folder, "new.pem"), PASSPHRASE.encode)
    assert not os.path.exists(os.path.join(folder, "new.pem"))


def test_attack_36_a_link_does_not_hide_that_a_key_lies_in_a_list(tmp_path: Path) -> None:
    path = write_key_file(make_list_directory(tmp_path).path, "alice")
    link = tmp_path / "elsewhere.pem"
    link.symlink_to(path)
    with pytest.raises(InputError, match="a private key inside the list directory"):
        open_signer(str(link), _never, {})


def test_a_key_is_never_written_over_another(tmp_path: Path) -> None:
    path = write_key_file(tmp_path, "alice")
    with open(path, "rb") as stream:
        before = stream.read()
    with pytest.raises(InputError, match="is there already; a key is never written over another"):
        create_key(path, lambda: _never("").encode())
    with open(path, "rb") as stream:
        assert stream.read() == before


def test_a_short_passphrase_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a passphrase of 11 bytes; expected at least 12"):
        create_key(str(tmp_path / "new.pem"), lambda: b"elevenbytes")
    assert not (tmp_path / "new.pem").exists()

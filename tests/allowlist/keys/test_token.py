"""Keys in a token: a real PKCS#11 module (SoftHSM) signs; a reference that names nothing says what to write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from variantkit.errors import InputError, UndeterminedError
from variantkit_allowlist.keys import open_signer, parse_public
from variantkit_allowlist.keys.token import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
MODULE = next(filter(os.path.exists, MODULES), None)
PIN = "123456"

# The module reads its configuration once for the life of a process, so each token has a process of its own.
_MAKE_KEY = """
import sys, pkcs11
token = pkcs11.lib(sys.argv[1]).get_token(token_label="tests")
with token.open(rw=True, user_pin=sys.argv[2]) as session:
    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC,
        {pkcs11.Attribute.EC_PARAMS: pkcs11.util.ec.encode_named_curve_parameters(sys.argv[3])}, local=True)
    parameters.generate_keypair(store=True, label="key", id=bytes([2]))
"""
_SIGN = """
import sys
from variantkit_allowlist.keys import open_signer, public_of
from variantkit.errors import VariantkitError
asked = []
def ask(prompt):
    asked.append(prompt)
    return sys.argv[2]
try:
    signer = open_signer(sys.argv[1], ask, {})
    public = public_of(signer.public_key)
    for text in (b"one", b"two"):
        public.tuf_key().verify_signature(signer.sign(text), text)
except VariantkitError as error:
    print(type(error).__name__, error)
else:
    print(public.line)
    print(asked)
"""


class Token(NamedTuple):
    """A token of one test: the environment in which the module finds it."""

    environ: dict[str, str]

    def run(self, code: str, *arguments: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", "import pkcs11.util.ec\n" + code, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


@pytest.fixture
def make_token(tmp_path: Path) -> Callable[[str], Token]:
    if MODULE is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")

    def make(curve: str) -> Token:
        configuration = tmp_path / "softhsm2.conf"
        (tmp_path / "tokens").mkdir()
        configuration.write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nlog.level = ERROR\n")
        environ = {**os.environ, "SOFTHSM2_CONF": str(configuration), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = ["softhsm2-util", "--init-token", "--free", "--label", "tests", "--so-pin", "87654321", "--pin", PIN]
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        token = Token(environ)
        token.run(_MAKE_KEY, str(MODULE), PIN, curve)
        return token

    return make


def test_a_tokens_key_signs_what_its_public_line_verifies(make_token: Callable[[str], Token]) -> None:
    line, asked = make_token("secp256r1").run(_SIGN, f"pkcs11:token=tests;id=%02?module-path={MODULE}", PIN)
    assert parse_public(line).algorithm == "ecdsa-sha2-nistp256"
    assert asked == "['PIN of tests: ']", "the PIN is asked for once"


@pytest.mark.parametrize(
    ("curve", "reference", "pin", "said"),
    [
        ("secp256r1", "pkcs11:token=tests", "654321", "InputError pkcs11: the PIN is wrong"),
        ("secp256r1", "pkcs11:token=other", PIN, "UndeterminedError pkcs11: .* No PKCS#11 token found for label other"),
        ("secp256r1", "pkcs11:token=tests;id=%07", PIN, "UndeterminedError pkcs11: .*could not find ECDSA"),
        ("secp384r1", "pkcs11:token=tests", PIN, "InputError pkcs11:.* expected ECDSA on P-256"),
    ],
    ids=["wrong-pin", "no-such-token", "no-such-key", "another-curve"],
)
def test_a_token_that_cannot_sign_says_why(
    make_token: Callable[[str], Token], curve: str, reference: str, pin: str, said: str
) -> None:
    import re

    (line,) = make_token(curve).run(_SIGN, f"{reference}?module-path={MODULE}", pin)
    assert re.match(said, line), line


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("pkcs11:token=x", "names no module by its absolute path"),
        ("pkcs11:token=x?module-path=relative.so", "names no module by its absolute path"),
        ("pkcs11:token=x;object=key?module-path=/m.so", "'object' is not understood"),
        ("pkcs11:nonsense?module-path=/m.so", "'nonsense' is not understood"),
        ("pkcs11:token=x?pin-value=1234&module-path=/m.so", "'pin-value' is not understood"),
    ],
    ids=["no-module", "relative-module", "attribute", "no-pair", "pin-in-reference"],
)
def test_a_reference_that_cannot_be_read_says_what_was_expected(reference: str, said: str) -> None:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    with pytest.raises(InputError, match=said):
        open_signer(reference, lambda prompt: PIN, {})


def test_a_module_that_is_none_is_an_error_of_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    path = tmp_path / "module.so"
    path.write_text("no module")
    with pytest.raises(UndeterminedError, match=r"^pkcs11: the token or its module"):
        open_signer(f"pkcs11:token=x?module-path={path}", lambda prompt: PIN, {})


def test_a_reference_is_read_as_the_standard_says() -> None:
    read = parse_reference("token=My%20Token;id=%01%02?module-path=/usr/lib/m.so", {})
    assert read == ("My Token", 0x0102, "/usr/lib/m.so")
    assert parse_reference("", {"PYKCS11LIB": "/usr/lib/m.so"}) == (None, 2, "/usr/lib/m.so")

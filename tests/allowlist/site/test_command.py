"""`site DIR` writes what the list's directory says, twice the same, and over nothing of anybody's."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from support.curation import NOW, Curation, make_list_directory, world
from support.wheels import make_wheel
from variantkit_allowlist.cli import main
from variantkit_allowlist.statements import Summary, write_vsa
from variantkit_allowlist.store.folder import files_below

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "import ctypes, os\n\nctypes.CDLL('libacme.so.1')\nVALUE = os.environ.get('ACME_VISIBLE_DEVICES')\n"


@pytest.fixture
def curation(tmp_path: Path) -> Curation:
    """A list with one approved wheel, inspected and summarised, and one revocation."""
    path = make_wheel(tmp_path, "acme-variant-provider", files={"acme_variant_provider/__init__.py": SOURCE})
    with open(path, "rb") as stream:
        sha256 = hashlib.sha256(stream.read()).hexdigest()
    made = make_list_directory(
        tmp_path,
        f"""
[[approved]]
package = "acme-variant-provider"
version = "1.0"
namespace = "acme"
sha256 = ["{sha256}"]
plugin-api = ["acme_variant_provider"]
evidence = "key"
who = ["alice", "carol"]
criteria = ["reviewed-source"]
approved = 2026-11-01
expires = 2027-11-01

[[revoked]]
package = "acme-variant-provider"
version = "0.9"
since = 2026-10-01
reason = "It lied."
who = "alice"
""",
    )
    os.makedirs(made.open().wheels_path)
    shutil.move(path, made.open().wheels_path)
    summary = Summary("acme-variant-provider", "1.0", os.path.basename(path), sha256, True, "https://x", "0" * 64, NOW)
    os.makedirs(os.path.dirname(made.open().vsa_path(sha256)))
    with open(made.open().vsa_path(sha256), "wb") as stream:
        stream.write(write_vsa(summary))
    return made


def run(*arguments: str) -> int:
    return main(["site", *arguments], world(NOW))


def test_the_site_shows_what_the_directory_holds(
    curation: Curation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(tmp_path / "site"), "--list", curation.path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["providers"], told["versions"], told["revocations"]) == ("variantkit.site/1", 1, 1, 1)
    assert (told["serial"], told["start"]) == (None, str(tmp_path / "site/index.html"))
    page = (tmp_path / "site/package/acme-variant-provider.html").read_text()
    for said in ("libacme.so.1", "ACME_VISIBLE_DEVICES", "PASSED on 2026-11-21", "It lied.", "Signed by its vendor",
                 "Calls native libraries", "acme_variant_provider/__init__.py", "Not published"):  # fmt: skip
        assert said in page, said


def test_the_site_is_the_same_when_it_is_written_again(curation: Curation, tmp_path: Path) -> None:
    for _ in range(2):
        assert run(str(tmp_path / "one"), "--list", curation.path) == 0
    assert run(str(tmp_path / "two"), "--list", curation.path) == 0
    paths = files_below(str(tmp_path / "one"))
    assert paths == files_below(str(tmp_path / "two"))
    assert all((tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes() for path in paths)


@pytest.mark.parametrize(
    ("target", "code", "told"),
    [
        ("list/public", 2, "expected a directory apart from the list"),
        (".", 2, "expected a directory apart from the list"),
        ("keys", 1, "expected a directory that this command wrote"),
    ],
)
def test_the_site_is_not_written_into_the_list_or_over_something_else(
    curation: Curation, tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str, code: int, told: str
) -> None:
    (tmp_path / "keys/mine").write_text("mine")
    before = files_below(str(tmp_path))
    assert run(str(tmp_path / target), "--list", curation.path) == code
    assert told in capsys.readouterr().err
    assert files_below(str(tmp_path)) == before


def test_a_list_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "site"), "--list", str(tmp_path)) == 2
    assert "holds no providers.toml" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_date_for_reproducible_builds_is_taken(curation: Curation, tmp_path: Path) -> None:
    assert (
        main(["site", str(tmp_path / "s"), "--list", curation.path], world(NOW, {"SOURCE_DATE_EPOCH": "1893456000"}))
        == 0
    )
    assert "Expired" in (tmp_path / "s/package/acme-variant-provider.html").read_text()

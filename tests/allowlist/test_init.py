"""`variantkit-allowlist init`: a list begins with public parts alone, in its one form, and never over anything."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from support.curation import PERSONS, private_key, public_key, world, write_key_file, write_public_file
from support.imports import ROOT
from support.private_sigstore import PrivateSigstore
from variantkit_allowlist import cli
from variantkit_allowlist.store import open_list, tidy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with the public lines of the three persons."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for name in PERSONS:
        write_public_file(folder, name)
    return folder


def _reviewers(keys: Path, *names: str) -> list[str]:
    return [part for name in names for part in ("--reviewer", f"{name}={keys}/{name}.pub:{PERSONS[name]}")]


def _init(directory: Path, *arguments: str) -> int:
    return cli.main(["init", str(directory), "--id", "example.org/providers", *arguments], world())


def test_a_list_begins_with_its_persons_roles_and_a_pinned_root(tmp_path: Path, keys: Path) -> None:
    where = tmp_path / "list"
    assert _init(where, *_reviewers(keys, *PERSONS)) == 0
    ledger = open_list(str(where)).ledger
    assert {name: person.affiliation for name, person in ledger.reviewers.items()} == PERSONS
    assert ledger.reviewers["bob"].keys == (public_key("bob").line,)
    assert {name: (role.threshold, len(role.keyholders)) for name, role in ledger.roles.items()} == {
        "root": (2, 3), "targets": (2, 3), "snapshot": (1, 3), "timestamp": (1, 3),
    }  # fmt: skip
    assert ledger.criteria["reviewed-source"].implies == ("reviewed-data",)
    assert set(ledger.criteria) == {"reviewed-source", "reviewed-data", "reviewed-needs"}
    assert ledger.packages == {}
    from sigstore.models import TrustedRoot

    assert TrustedRoot.from_file(str(where / "trusted_root.json"))


def test_the_file_is_in_its_one_form_and_says_what_comes_next(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS)) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines()[-1].startswith("next: name a provider under [packages] in ")
    assert public_key("alice").fingerprint in printed.out
    text = (tmp_path / "list" / "providers.toml").read_text()
    assert tidy(text) == text
    template = text[text.index("# [packages") :].replace("# ", "").replace("#\n", "\n")
    assert set(_with(tmp_path / "list", text[: text.index("# A provider")] + template)) == {"acme-variant-provider"}


def _with(directory: Path, text: str) -> list[str]:
    """The packages of the list when the template is made real."""
    (directory / "providers.toml").write_text(text)
    return list(open_list(str(directory)).ledger.packages)


def test_json_is_one_object(tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS), "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    root = (tmp_path / "list" / "trusted_root.json").read_bytes()
    assert printed["schema"] == "variantkit.init/1"
    assert printed["reviewers"]["alice"]["fingerprints"] == [public_key("alice").fingerprint]
    assert (printed["root-threshold"], printed["warnings"]) == (2, [])
    assert printed["trust-root-sha256"] == hashlib.sha256(root).hexdigest()


def test_a_private_sigstores_root_is_pinned_byte_for_byte(tmp_path: Path, keys: Path) -> None:
    root = tmp_path / "root.json"
    root.write_bytes(PrivateSigstore().trusted_root_json)
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS), "--trust-root", str(root)) == 0
    assert (tmp_path / "list" / "trusted_root.json").read_bytes() == root.read_bytes()


def test_a_service_signs_snapshot_and_timestamp_and_nothing_else(tmp_path: Path, keys: Path) -> None:
    service = write_public_file(keys, "machine")
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS), "--service", f"machine={service}") == 0
    roles = open_list(str(tmp_path / "list")).ledger.roles
    assert roles["timestamp"].keyholders == roles["snapshot"].keyholders == ("machine",)
    assert "machine" not in roles["root"].keyholders + roles["targets"].keyholders


def test_a_person_named_again_has_one_key_more(tmp_path: Path, keys: Path) -> None:
    second = write_public_file(keys, "alice-2")
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS), "--reviewer", f"alice={second}") == 0
    alice = open_list(str(tmp_path / "list")).ledger.reviewers["alice"]
    assert alice.keys == (public_key("alice").line, public_key("alice-2").line)
    assert alice.affiliation == PERSONS["alice"]


def test_attack_36_fewer_persons_than_the_threshold_are_refused_with_the_way_out(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _init(tmp_path / "list", *_reviewers(keys, "alice")) == 1
    assert "--root-threshold 1" in capsys.readouterr().err
    assert not (tmp_path / "list").exists()
    assert _init(tmp_path / "list", *_reviewers(keys, "alice"), "--root-threshold", "1") == 0
    said = capsys.readouterr().err
    assert "warning: root threshold 1: whoever has one key publishes" in said
    assert "nothing can be approved" in said


def test_attack_36_one_person_with_two_keys_is_one_person(tmp_path: Path, keys: Path) -> None:
    second = write_public_file(keys, "alice-2")
    assert _init(tmp_path / "list", *_reviewers(keys, "alice"), "--reviewer", f"alice={second}") == 1


def test_two_of_two_is_said_to_be_without_a_spare(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _init(tmp_path / "list", *_reviewers(keys, "alice", "bob")) == 0
    assert "when one is lost, nobody can publish" in capsys.readouterr().err


def test_attack_36_a_private_key_is_no_public_one(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private = write_key_file(keys, "alice")
    assert _init(tmp_path / "list", "--reviewer", f"alice={private}:Example") == 2
    assert (
        f"a private key, which has no place in a list; give its public part: {private}.pub" in capsys.readouterr().err
    )
    assert not (tmp_path / "list").exists()


def test_attack_36_a_directory_with_a_private_key_is_refused(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = tmp_path / "list"
    where.mkdir()
    write_key_file(where, "alice")
    assert _init(where, *_reviewers(keys, *PERSONS)) == 1
    assert "alice.pem: a private key; a list holds public parts alone" in capsys.readouterr().err
    assert os.listdir(where) == ["alice.pem"]


def test_a_directory_that_holds_something_is_left_as_it_is(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS)) == 0
    before = (tmp_path / "list" / "providers.toml").read_bytes()
    assert _init(tmp_path / "list", *_reviewers(keys, "alice", "bob")) == 1
    assert "expected an empty directory" in capsys.readouterr().err
    assert (tmp_path / "list" / "providers.toml").read_bytes() == before


def test_a_fresh_git_repository_is_empty_enough(tmp_path: Path, keys: Path) -> None:
    (tmp_path / "list" / ".git").mkdir(parents=True)
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS)) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--reviewer", "alice"], 2, "expected NAME=PUBLIC-KEY-FILE"),
        (["--reviewer", "alice=nowhere.pub"], 2, "nowhere.pub: cannot be read: No such file"),
        (["--root-threshold", "0"], 2, "expected at least 1"),
        (["--trust-root", "nowhere.json"], 2, "nowhere.json: cannot be read"),
        (["--service", "alice={keys}/alice.pub"], 2, "a service is no person"),
        (["--reviewer", "Alice={keys}/alice.pub"], 2, "expected a name of a-z"),
        (["--reviewer", "bob={keys}/alice.pub"], 2, "is alice's key too"),
        (["--reviewer", "alice={keys}/bob.pub:Other"], 2, "has two affiliations"),
        (["--id", "two words"], 2, "such as example.org/providers"),
    ],
    ids=["no-file", "missing", "threshold", "root", "service", "name", "shared-key", "affiliations", "id"],
)
def test_what_no_list_can_begin_with_is_refused_and_nothing_is_written(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    given = [argument.format(keys=keys) for argument in arguments]
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS), *given) == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / "list" / "providers.toml").exists()


def test_attack_36_no_private_key_lies_in_a_list(tmp_path: Path, keys: Path) -> None:
    assert _init(tmp_path / "list", *_reviewers(keys, *PERSONS)) == 0
    secrets = [private_key(name).private_bytes_raw() for name in PERSONS]
    for folder, _, names in os.walk(tmp_path / "list"):
        for name in names:
            with open(os.path.join(folder, name), "rb") as stream:
                data = stream.read()
            assert b"PRIVATE KEY" not in data, name
            assert not any(secret in data for secret in secrets), name


def test_no_private_key_lies_in_this_repository() -> None:
    """Tests make their keys as they run; a committed one would be in every copy for good."""
    mark = "-----BEGIN " + "PRIVATE KEY-----"
    kinds = [mark.replace("PRIVATE", f"{kind}PRIVATE") for kind in ("", "ENCRYPTED ", "OPENSSH ", "EC ", "RSA ")]
    found = []
    for top in ("allowlist", "sdk", "tests", "docs", "providers", "examples", "benchmarks"):
        for folder, folders, names in os.walk(os.path.join(ROOT, top)):
            folders[:] = [name for name in folders if name not in ("__pycache__", "dist", "build-out", ".git")]
            found += [path for name in names if _has_key(path := os.path.join(folder, name), kinds)]
    assert found == []


def _has_key(path: str, kinds: list[str]) -> bool:
    """Whether a file has a key's first line and a body below it; code only names the line."""
    if os.path.getsize(path) > 1 << 20 or not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        lines = stream.read().decode("latin-1").splitlines()
    return any(
        line.strip() in kinds and re.fullmatch("[A-Za-z0-9+/=]{32,}", after.strip())
        for line, after in itertools.pairwise(lines)
    )

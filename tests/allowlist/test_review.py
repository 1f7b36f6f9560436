"""`variantkit-allowlist review`: a person signs what was reviewed, with a key of that person's own, for good."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from support.curation import NOW, Curation, make_list_directory, world, write_key_file
from support.wheels import make_wheel, write_zip
from variantkit_allowlist import cli
from variantkit_allowlist.model import Approval, GrantedNeeds
from variantkit_allowlist.statements import read_reviews
from variantkit_allowlist.store import add_approval, seen_at

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit_allowlist.statements import Review

PACKAGE = "acme-variant-provider"
OLD = "cd" * 32


@pytest.fixture
def made(tmp_path: Path) -> Curation:
    return make_list_directory(tmp_path)


@pytest.fixture
def wheel(tmp_path: Path) -> str:
    return make_wheel(tmp_path, PACKAGE)


def _digest(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def _review(made: Curation, wheel: str, *arguments: str, who: str = "alice", key: str = "", now: int = NOW) -> int:
    fixed = ["review", wheel, "--as", who, "--list", made.path, "--key", key or made.key(who)]
    return cli.main([*fixed, *arguments], world(now))


SOURCE = ("--criteria", "reviewed-source")


def _kept(made: Curation, wheel: str) -> list[Review]:
    return [item.review for item in read_reviews(made.open(), _digest(wheel)).reviews]


def test_a_review_is_signed_printed_and_kept_with_its_wheel(
    made: Curation, wheel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _review(made, wheel, *SOURCE, "--notes", "read twice", "--configs-sha256", "ef" * 32, "--json") == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    (review,) = _kept(made, wheel)
    assert (review.who, review.criteria, review.package, review.version) == (
        "alice",
        ("reviewed-source",),
        PACKAGE,
        "1.0",
    )
    assert (review.sha256, review.filename) == (_digest(wheel), os.path.basename(wheel))
    assert (review.notes, review.configs_sha256, review.time) == ("read twice", "ef" * 32, NOW)
    assert printed["schema"] == "variantkit.review/1"
    assert printed["sha256"] == review.sha256
    assert _digest(printed["path"]) == printed["review"]
    assert _digest(os.path.join(made.path, "wheels", os.path.basename(wheel))) == review.sha256


def test_what_was_signed_is_told_in_words(made: Curation, wheel: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _review(made, wheel, *SOURCE, "--criteria", "reviewed-needs", "--needs", "none") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("alice signed with SHA256:")
    assert lines[1].endswith(f"sha256 {_digest(wheel)}")
    assert lines[2:4] == ["  reviewed-source, reviewed-needs", "  needs: none"]


def test_the_first_sight_of_a_wheel_is_recorded_once(made: Curation, wheel: str) -> None:
    assert _review(made, wheel, *SOURCE) == 0
    assert _review(made, wheel, *SOURCE, who="bob", now=NOW + 86400) == 0
    assert seen_at(made.open(), _digest(wheel)) == NOW


def test_a_second_review_of_one_person_replaces_nothing(made: Curation, wheel: str) -> None:
    assert _review(made, wheel, "--criteria", "reviewed-data") == 0
    assert _review(made, wheel, *SOURCE, now=NOW + 60) == 0
    assert [review.criteria for review in _kept(made, wheel)] == [("reviewed-data",), ("reviewed-source",)]


def test_criteria_may_be_parted_by_commas_and_count_once(made: Curation, wheel: str) -> None:
    assert _review(made, wheel, "--criteria", "reviewed-source, reviewed-data", *SOURCE) == 0
    assert _kept(made, wheel)[0].criteria == ("reviewed-source", "reviewed-data")


def test_needs_are_reviewed_from_a_file(made: Curation, wheel: str, tmp_path: Path) -> None:
    needs = tmp_path / "needs.toml"
    needs.write_text('[needs]\nread = ["/sys/class/acme/*"]\n')
    assert _review(made, wheel, "--criteria", "reviewed-needs", "--needs", str(needs)) == 0
    assert _kept(made, wheel)[0].needs == GrantedNeeds(read=("/sys/class/acme/*",))


def _approve_old(made: Curation, *digests: str) -> None:
    day = datetime.date(2026, 11, 1)
    add_approval(
        made.open(),
        Approval(
            package=PACKAGE,
            version="0.9",
            namespace="acme",
            sha256=digests,
            plugin_api=("acme_variant_provider",),
            evidence="none",
            who=("alice",),
            criteria=("reviewed-source",),
            approved=day,
            expires=day,
        ),
    )


def test_a_review_of_the_change_names_the_bytes_that_it_starts_from(made: Curation, wheel: str) -> None:
    _approve_old(made, OLD)
    assert _review(made, wheel, *SOURCE, "--delta-from", "0.9.0") == 0
    (review,) = _kept(made, wheel)
    assert (review.delta_from, review.delta_sha256) == ("0.9.0", OLD)


def test_a_change_from_what_is_not_approved_is_refused(
    made: Curation, wheel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _approve_old(made, OLD)
    assert _review(made, wheel, *SOURCE, "--delta-from", "0.8") == 2
    assert "is not approved; approved are: 0.9" in capsys.readouterr().err


def test_attack_37_a_review_under_anothers_name_is_refused(
    made: Curation, wheel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _review(made, wheel, *SOURCE, who="bob", key=made.key("alice")) == 1
    assert "is alice's, not bob's; sign with a key of [reviewers.bob]" in capsys.readouterr().err
    assert _review(made, wheel, *SOURCE, key=f"file:{write_key_file(made.keys, 'mallory')}") == 1
    assert "is nobody's in [reviewers], not alice's" in capsys.readouterr().err
    assert sorted(os.listdir(made.path)) == ["providers.toml", "trusted_root.json"], "nothing was written"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--criteria", "read"], "--criteria read: is not in [criteria]; expected some of reviewed-data"),
        (["--criteria", ","], "--criteria: expected what you state"),
        ([*SOURCE, "--needs", "none"], "go together"),
        (["--criteria", "reviewed-needs"], "go together"),
        ([*SOURCE, "--configs-sha256", "EF" * 32], "expected a sha256 in lower-case hex"),
        ([*SOURCE, "--notes", "two\nlines"], "--notes: a control or invisible character"),
        ([*SOURCE, "--notes", "\u202eback"], "--notes: a control or invisible character"),
    ],
    ids=["unknown", "none", "needs-alone", "needs-missing", "digest", "lines", "direction"],
)
def test_what_cannot_be_stated_is_refused_and_nothing_is_written(
    made: Curation, wheel: str, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert _review(made, wheel, *arguments) == 2
    assert said in capsys.readouterr().err
    assert sorted(os.listdir(made.path)) == ["providers.toml", "trusted_root.json"]


def test_attack_34_needs_that_no_list_grants_are_not_reviewed(
    made: Curation, wheel: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = tmp_path / "needs.toml"
    needs.write_text('programs = ["/bin/sh"]\n')
    assert _review(made, wheel, "--criteria", "reviewed-needs", "--needs", str(needs)) == 2
    assert "'/bin/sh': never granted" in capsys.readouterr().err


def test_an_unknown_person_is_told_who_is_known(made: Curation, wheel: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _review(made, wheel, *SOURCE, who="dave") == 2
    assert "expected one of alice, bob, carol" in capsys.readouterr().err


def test_a_wheel_that_readers_read_differently_is_refused(
    made: Curation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "acme_variant_provider-1.0-py3-none-any.whl")
    write_zip(path, {"acme_variant_provider/__init__.py": b"", "acme_variant_provider/__init__.pyc": b"x"})
    assert _review(made, path, *SOURCE) == 1
    assert "wheel-not-canonical" in capsys.readouterr().err


def test_a_wheel_whose_name_says_another_version_is_refused(
    made: Curation, wheel: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = str(tmp_path / "acme_variant_provider-2.0-py3-none-any.whl")
    os.rename(wheel, renamed)
    assert _review(made, renamed, *SOURCE) == 1
    assert "its name says another package or version than its content" in capsys.readouterr().err


def test_a_version_that_no_list_can_name_is_refused_before_it_is_signed(
    made: Curation, wheel: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed = str(tmp_path / "acme_variant_provider-1.0.RC1-py3-none-any.whl")
    os.rename(wheel, renamed)
    assert _review(made, renamed, *SOURCE) == 1
    assert "expected a version in PEP 440's normal form, found '1.0.RC1'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["provider.zip", "provider.whl", "missing-1.0-py3-none-any.whl"])
def test_what_is_no_wheel_is_wrong_input(
    made: Curation, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert _review(made, str(tmp_path / name), *SOURCE) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_other_bytes_under_a_kept_name_are_refused(
    made: Curation, wheel: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T10: the same name with other bytes is what a replaced upload looks like."""
    assert _review(made, wheel, *SOURCE) == 0
    (tmp_path / "other").mkdir()
    other = make_wheel(tmp_path / "other", PACKAGE, files={"acme_variant_provider/__init__.py": "EVIL = 1\n"})
    assert _review(made, other, *SOURCE) == 1
    assert "what a replaced upload looks like" in capsys.readouterr().err
    assert _digest(os.path.join(made.path, "wheels", os.path.basename(wheel))) == _digest(wheel)


def test_an_author_is_told_that_the_review_will_not_count(
    tmp_path: Path, wheel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    package = f'[packages.{PACKAGE}]\nnamespace = "acme"\nplugin-api = ["acme_variant_provider"]\nauthors = ["alice"]\n'
    made = make_list_directory(tmp_path, package=package)
    assert _review(made, wheel, *SOURCE) == 0
    assert "alice is an author of acme-variant-provider; this review will not count" in capsys.readouterr().err


def test_a_review_of_a_package_that_is_not_named_yet_is_kept_and_told(
    tmp_path: Path, wheel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_list_directory(tmp_path, package="")
    assert _review(made, wheel, *SOURCE) == 0
    assert "is not in [packages] yet" in capsys.readouterr().err


def test_what_was_published_beside_the_wheel_is_kept_and_never_written_over(made: Curation, wheel: str) -> None:
    def beside(text: str) -> None:
        with open(f"{wheel}.provenance", "w", encoding="ascii") as stream:
            stream.write(text)

    beside("{}")
    assert _review(made, wheel, *SOURCE) == 0
    beside("another")
    assert _review(made, wheel, *SOURCE, who="bob") == 0
    with open(os.path.join(made.path, "wheels", f"{os.path.basename(wheel)}.provenance"), encoding="ascii") as stream:
        assert stream.read() == "{}"

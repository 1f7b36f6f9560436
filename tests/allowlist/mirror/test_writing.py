"""`mirror DIR` writes a plain index of exactly what is approved, which installers take wheels from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.curation import world
from support.published_lists import NOW, publish_again
from support.static_server import static_server
from variantkit.index.pages.page import parse_page
from variantkit_allowlist import cli
from variantkit_allowlist.store.folder import files_below

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Mirrored

NAME = "acme_variant_provider-1.0-py3-none-any.whl"


def test_a_mirror_holds_the_wheels_their_evidence_the_pages_and_the_signed_list(mirrored: Mirrored) -> None:
    paths = set(files_below(str(mirrored.path)))
    assert {
        f"files/{NAME}",
        f"files/{NAME}.metadata",
        f"files/{NAME}.provenance",
        f"files/{NAME.replace('1.0', '2.0')}.publish.attestation",
        f"files/{NAME.replace('1.0', '3.0')}.sigstore.json",
        f"integrity/acme-variant-provider/1.0/{NAME}/provenance",
        f"integrity/acme-variant-provider/2.0/{NAME.replace('1.0', '2.0')}/provenance",
        "simple/index.html",
        "simple/index.json",
        "simple/acme-variant-provider/index.html",
        "simple/acme-variant-provider/index.json",
        "public/metadata/timestamp.json",
        "public/metadata/1.root.json",
        "trusted_root.json",
        "variantkit-mirror.json",
    } <= paths
    assert [path for path in paths if path.endswith(".approved.json")]


@pytest.mark.parametrize(("page", "kind"), [("index.html", "text/html"), ("index.json", "application/json")])
def test_each_page_lists_every_wheel_with_its_hash_and_a_place_below_the_mirror(
    mirrored: Mirrored, page: str, kind: str
) -> None:
    project = "acme-variant-provider"
    path = mirrored.path / "simple" / project / page
    found = parse_page(kind, path.read_bytes(), path.as_uri(), project)
    assert len(found.files) == 3
    for file in found.files:
        where = file.url.removeprefix(mirrored.path.as_uri() + "/")
        with open(mirrored.path / where, "rb") as stream:
            assert hashlib.sha256(stream.read()).hexdigest() == file.hashes["sha256"]


def test_provenance_is_linked_by_a_whole_url_when_it_is_known_where_the_mirror_is_served(mirrored: Mirrored) -> None:
    project = "acme-variant-provider"
    path = mirrored.path / "simple" / project / "index.json"
    assert all("provenance" not in file for file in json.loads(path.read_text())["files"])
    assert mirrored.write("--base-url", "https://mirror.example/p").exit == 0
    found = {file["filename"]: file.get("provenance") for file in json.loads(path.read_text())["files"]}
    assert found[NAME] == f"https://mirror.example/p/integrity/{project}/1.0/{NAME}/provenance"
    assert f'data-provenance="{found[NAME]}"' in (path.parent / "index.html").read_text()
    said = mirrored.verify()
    assert (said.exit, said.printed["base-url"]) == (0, "https://mirror.example/p")


@pytest.mark.parametrize(
    "url", ["http://mirror.example", "https://u:p@mirror.example", "https://m.example/?x", "mirror"]
)
def test_a_base_url_that_is_not_plain_https_is_refused(mirrored: Mirrored, url: str) -> None:
    assert mirrored.write("--base-url", url).exit == 2


def test_a_provenance_object_that_was_made_of_attestations_says_who_published(mirrored: Mirrored) -> None:
    name = NAME.replace("1.0", "2.0")
    path = mirrored.path / "integrity/acme-variant-provider/2.0" / name / "provenance"
    (bundle,) = json.loads(path.read_text())["attestation_bundles"]
    assert bundle["publisher"] == {
        "kind": "GitHub",
        "repository": "acme/provider",
        "workflow": "release.yml",
        "environment": None,
    }
    assert len(bundle["attestations"]) == 2


def test_the_same_list_gives_the_same_bytes_and_a_mirror_is_replaced_whole(mirrored: Mirrored, tmp_path: Path) -> None:
    shutil.copytree(mirrored.path, tmp_path / "before")
    assert mirrored.write().exit == 0
    paths = files_below(str(mirrored.path))
    assert paths == files_below(str(tmp_path / "before"))
    assert all((mirrored.path / path).read_bytes() == (tmp_path / "before" / path).read_bytes() for path in paths)


def test_a_mirror_is_not_written_over_anything_else(mirrored: Mirrored) -> None:
    (mirrored.path / "letter.txt").write_text("mine")
    said = mirrored.write()
    assert said.exit == 1
    assert "would lose letter.txt" in said.told
    assert (mirrored.path / "letter.txt").read_text() == "mine"


def test_an_approved_wheel_that_is_missing_stops_the_mirror_unless_it_is_to_be_partial(mirrored: Mirrored) -> None:
    os.unlink(os.path.join(mirrored.curation.path, "wheels", NAME))
    said = mirrored.write()
    assert said.exit == 1
    assert "1.0: expected its wheel with sha256" in said.told
    assert "--partial" in said.told
    assert NAME in os.listdir(mirrored.files), "what was there stays"
    said = mirrored.write("--partial")
    assert said.exit == 0
    assert len(said.printed["missing"]) == 1
    assert mirrored.verify().codes == {"missing"}
    assert mirrored.verify("--partial").exit == 0


def test_a_revoked_wheel_is_in_no_mirror_of_the_edition_that_revokes_it(mirrored: Mirrored) -> None:
    gone = (
        '\n[[revoked]]\npackage = "acme-variant-provider"\nversion = "1.0"\nsince = 2026-11-01\nreason = "It lied."\n'
    )
    publish_again(mirrored.curation, gone)
    assert mirrored.write().exit == 0
    assert NAME not in os.listdir(mirrored.files)
    assert mirrored.verify().exit == 0


def test_an_unpublished_list_has_no_mirror(mirrored: Mirrored) -> None:
    shutil.rmtree(os.path.join(mirrored.curation.path, "public"))
    said = mirrored.write()
    assert said.exit == 1
    assert "nothing is published yet" in said.told


@pytest.mark.parametrize("words", [("verify",), ("a", "b"), ("verify", "a", "b")])
def test_what_is_asked_for_must_be_plain(mirrored: Mirrored, words: tuple[str, ...]) -> None:
    assert mirrored.run(*words).exit == 2


def pip(target: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "download", "--isolated", "--no-cache-dir", "--disable-pip-version-check"]
    return subprocess.run(
        [*command, "--no-deps", "-d", str(target), *arguments], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("road", ["server", "file-index", "find-links"])
def test_pip_downloads_a_provider_from_it(mirrored: Mirrored, tmp_path: Path, road: str) -> None:
    with static_server(mirrored.path) as url:
        roads = {
            "server": ["--index-url", f"{url}/simple"],
            "file-index": ["--index-url", (mirrored.path / "simple").as_uri()],
            "find-links": ["--no-index", "--find-links", str(mirrored.files)],
        }
        ran = pip(tmp_path / "got", *roads[road], "acme-variant-provider==1.0")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "got" / NAME).read_bytes() == (mirrored.files / NAME).read_bytes()


@pytest.mark.parametrize("road", ["server", "file-index", "find-links"])
def test_uv_installs_a_provider_from_it(mirrored: Mirrored, tmp_path: Path, road: str) -> None:
    uv = shutil.which("uv") or os.path.join(os.path.dirname(sys.executable), "uv")
    if not os.path.exists(uv):
        pytest.skip("uv is not installed here")
    with static_server(mirrored.path) as url:
        roads = {
            "server": ["--default-index", f"{url}/simple"],
            "file-index": ["--default-index", (mirrored.path / "simple").as_uri()],
            "find-links": ["--no-index", "--find-links", str(mirrored.files)],
        }
        command = [uv, "pip", "install", "--no-config", "--no-cache", "--no-deps", "--python", sys.executable]
        ran = subprocess.run(
            [*command, "--target", str(tmp_path / "got"), *roads[road], "acme-variant-provider==1.0"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "got/acme_variant_provider/__init__.py").exists()


def test_who_wrote_a_mirror_is_told_the_root_to_hand_over_with_it(mirrored: Mirrored) -> None:
    mirrored.capsys.readouterr()
    assert cli.main(["mirror", str(mirrored.path), "--list", mirrored.curation.path], world(NOW)) == 0
    command = mirrored.capsys.readouterr().out.splitlines()[-1].partition("variantkit-allowlist mirror ")[2]
    assert mirrored.run(*command.split()).exit == 0

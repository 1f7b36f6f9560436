"""`submit`: a vendor's request, the same bytes for the same wheel, and nothing in it that no list could grant."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from support.first_party import build_provider
from support.table_wheels import PACKAGE, PLUGIN, acme_wheel, tables_of
from variantkit_allowlist import cli
from variantkit_allowlist.cli.world import World
from variantkit_allowlist.inspection import read_request
from variantkit_allowlist.model import GrantedNeeds

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit_allowlist.inspection import Request

NAMED = ("--namespace", "acme", "--plugin-api", PACKAGE)


def submit(output: Path, wheel: str, *more: str, named: tuple[str, ...] = NAMED) -> int:
    return cli.main(["submit", wheel, *named, *more, "-o", str(output)])


def read(path: Path) -> Request:
    return read_request(path.read_bytes(), str(path))


def test_a_request_holds_what_a_reader_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = acme_wheel(tmp_path, "1.0")
    wheel = acme_wheel(tmp_path, "1.1", tables=tables_of("1.1").replace('("g2",', '("g3", "g2",'))
    (tmp_path / "bundle.json").write_bytes(b'{"mediaType": "x"}\n')
    (tmp_path / "needs.toml").write_text('read = ["/sys/class/acme/*"]\nlibraries = ["libacme.so.1"]\nfork = true\n')
    output = tmp_path / "request.json"
    more = ("--attestation", str(tmp_path / "bundle.json"), "--previous", old, "--needs", str(tmp_path / "needs.toml"))
    watched = ("--presence", "/sys/class/acme", "--fingerprint", "/sys/class/acme", "--reimplements", "acme-provider")
    assert submit(output, wheel, *more, *watched) == 0
    request = read(output)
    assert (request.filename, request.version) == (os.path.basename(wheel), "1.1")
    assert request.sha256 in capsys.readouterr().out
    assert request.evidence_bytes() == {"bundle.json": b'{"mediaType": "x"}\n'}
    assert request.needs == GrantedNeeds(read=("/sys/class/acme/*",), libraries=("libacme.so.1",), fork=True)
    assert (request.presence, request.fingerprint) == (("/sys/class/acme",), ("/sys/class/acme",))
    assert request.reimplements == ("acme-provider",)
    assert request.previous is not None
    assert request.previous.version == "1.0"
    assert request.diff is not None
    assert request.diff["data_only"] == "undetermined"
    assert request.inspection["sha256"] == request.sha256
    assert (request.conformance, request.configs_sha256) == (None, None)


def test_the_same_wheel_makes_the_same_request(tmp_path: Path) -> None:
    wheel = acme_wheel(tmp_path)
    assert submit(tmp_path / "a.json", wheel) == submit(tmp_path / "b.json", wheel) == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_the_json_says_what_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "r.json"
    assert submit(output, acme_wheel(tmp_path), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "schema": "variantkit.submission/1",
        "request": str(output),
        "request_sha256": hashlib.sha256(output.read_bytes()).hexdigest(),
        "package": "acme-variant-provider",
        "version": "1.0",
        "sha256": read(output).sha256,
        "data_only": None,
    }


def test_needs_are_read_as_json_too(tmp_path: Path) -> None:
    (tmp_path / "needs.json").write_text('{"read": ["/sys/class/acme"], "fork": false}')
    assert submit(tmp_path / "r.json", acme_wheel(tmp_path), "--needs", str(tmp_path / "needs.json")) == 0
    assert read(tmp_path / "r.json").needs == GrantedNeeds(read=("/sys/class/acme",))


@pytest.mark.parametrize(
    ("needs", "told"),
    [
        ('programs = ["/bin/sh"]', "shells, interpreters"),
        ('read = ["/home/*/x"]', "never granted"),
        ('{"read": ["/"]}', "expected an absolute path"),
        ('{"network": true}', "network"),
        ('{"read": "/x/y"}', "read"),
        ("network = true", "network"),
        ("[", "TOML"),
        ("{", "found a fault"),
    ],
)
def test_attack_34_needs_that_no_list_can_grant_are_refused_before_anybody_is_asked(
    needs: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "needs").write_text(needs)
    assert submit(tmp_path / "r.json", acme_wheel(tmp_path), "--needs", str(tmp_path / "needs")) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()


@pytest.mark.parametrize(
    ("named", "code", "told"),
    [
        (("--namespace", "Acme", "--plugin-api", PACKAGE), 2, "namespace"),
        (("--namespace", "acme", "--plugin-api", "other"), 1, "no such module"),
        ((*NAMED, "--presence", "/etc/x"), 2, "presence"),
        ((*NAMED, "--reimplements", "a b"), 2, "reimplements"),
    ],
)
def test_what_could_never_be_approved_is_refused(
    named: tuple[str, ...], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit(tmp_path / "r.json", acme_wheel(tmp_path), named=named) == code
    assert told in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()


def test_a_wheel_that_is_not_canonical_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = acme_wheel(tmp_path)
    with open(path, "ab") as stream:
        stream.write(b"x")
    assert submit(tmp_path / "r.json", path) == 1
    assert "no list can approve it" in capsys.readouterr().err


def test_run_is_refused_in_no_exec_mode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(environ={"VARIANTKIT_NO_EXEC": "1"})
    assert cli.main(["submit", acme_wheel(tmp_path), *NAMED, "--run", "-o", str(tmp_path / "r")], world) == 1
    assert "VARIANTKIT_NO_EXEC" in capsys.readouterr().err


def test_run_adds_conformance_digest_and_whether_the_catalogue_grew(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    wheel = build_provider("openmp")
    named = ("--namespace", "openmp", "--plugin-api", "openmp_variant_provider")
    assert submit(tmp_path / "r.json", wheel, "--run", "--previous", wheel, named=named) == 0
    request = read(tmp_path / "r.json")
    assert request.conformance is not None
    assert (request.conformance["passed"], request.conformance["broken"]) == (True, [])
    assert request.configs_sha256 is not None
    assert request.needs == GrantedNeeds()
    assert request.diff is not None
    assert request.diff["data_only"] is True
    first = (tmp_path / "r.json").read_bytes()
    assert submit(tmp_path / "r.json", wheel, "--run", "--previous", wheel, named=named) == 0
    assert (tmp_path / "r.json").read_bytes() == first
    assert b'"seconds"' not in first


def test_run_refuses_a_wheel_that_breaks_a_law(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = PLUGIN.replace("return []", "raise OSError")
    wheel = acme_wheel(tmp_path, files={f"{PACKAGE}/__init__.py": plugin})
    assert submit(tmp_path / "r.json", wheel, "--run") == 1
    assert "it does not conform" in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()


def test_a_request_is_not_written_where_it_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("x")
    assert submit(tmp_path / "file" / "r.json", acme_wheel(tmp_path)) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_bundle_for_requests_is_json_and_ascii(tmp_path: Path) -> None:
    assert submit(tmp_path / "r.json", acme_wheel(tmp_path)) == 0
    data = (tmp_path / "r.json").read_bytes()
    assert data.isascii()
    assert data.endswith(b"}\n")
    assert json.loads(data)["schema"] == "variantkit.request/1"

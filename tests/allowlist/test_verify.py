"""`variantkit-allowlist verify` without a list: identity given by hand, attestations from wherever they lie."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

import pytest

from support.attested_wheels import BY_HAND, CLAIMS, INSTANCE, NOW, Attested, make_attested, verify, write
from support.curation import make_list_directory
from support.http_index import body, http_index, status
from support.private_sigstore import PUBLISH, SLSA, PrivateSigstore
from support.sigstore.bare import bare_signature
from support.wheels import make_wheel
from variantkit_allowlist import cli

if TYPE_CHECKING:
    from pathlib import Path

    from support.http_index import HttpIndex

REUSED = "https://github.com/builders/shared/.github/workflows/build.yml@refs/tags/v3"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attested:
    """A wheel; the current directory is no list."""
    monkeypatch.chdir(tmp_path)
    return make_attested(tmp_path)


def test_the_verdict_is_one_object_that_says_who_published(wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    file = wheel.lay(".bundle", wheel.bundle())
    found = verify(capsys, wheel.path, "--attestation", file, "--trust-root", wheel.root, *BY_HAND)
    assert found.exit_code == 0, found
    provenance = found.verdict.pop("provenance")
    assert found.verdict == {
        "schema": "variantkit.verdict/1",
        "allowed": True,
        "code": "ok",
        "detail": "attested by release.yml of https://github.com/acme/provider",
        "package": "acme-variant-provider",
        "version": "2.0",
        "sha256": wheel.sha256,
        "blockers": [],
    }
    identity = provenance.pop("identity")
    assert identity["repository"] == "https://github.com/acme/provider"
    assert identity["issuer"] == "https://token.actions.githubusercontent.com"
    assert (identity["workflow"], identity["ref"]) == ("release.yml", "refs/tags/v1.0")
    assert (identity["repository-id"], identity["owner-id"]) == ("1001", "71")
    assert provenance["verified"] is True
    assert (provenance["code"], provenance["evidence"]) == ("ok", "identity")
    assert provenance["predicates"] == [PUBLISH]
    assert len(provenance["trust-root-sha256"]) == 64


def forms(wheel: Attested) -> dict[str, object]:
    """Every form in which an attestation can be given."""
    bundle, built = wheel.bundle(), wheel.bundle(slsa=True)
    lines = b"\n".join(json.dumps(each).encode() for each in (bundle, built))
    return {
        "bundle": bundle,
        "attestation": INSTANCE.pep740(bundle),
        "provenance": wheel.provenance(),
        "lines": lines,
    }


@pytest.mark.parametrize("form", ["bundle", "attestation", "provenance", "lines"])
def test_every_form_of_attestation_is_read(form: str, wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    file = wheel.lay(".given", forms(wheel)[form])
    found = verify(capsys, wheel.path, "--attestation", file, "--trust-root", wheel.root, *BY_HAND)
    assert (found.exit_code, found.codes) == (0, ("ok", "ok"))


@pytest.mark.parametrize(
    "suffix",
    [".provenance", ".publish.attestation", ".slsa.attestation", ".attestation", ".sigstore.json", ".sigstore"],
)
def test_what_lies_beside_the_wheel_is_found(suffix: str, wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    wheel.lay(suffix, wheel.bundle())
    assert verify(capsys, wheel.path, "--trust-root", wheel.root, *BY_HAND).exit_code == 0


def test_all_that_is_given_must_verify(wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    good = wheel.lay(".good", wheel.bundle())
    bad = wheel.lay(".bad", PrivateSigstore().attest(b"{}"))
    trust = ("--trust-root", wheel.root)
    found = verify(capsys, wheel.path, "--attestation", good, "--attestation", bad, *trust, *BY_HAND)
    assert (found.exit_code, found.codes[1]) == (1, "certificate-untrusted")


def test_an_option_may_take_several_files_wherever_the_wheel_stands(
    wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [wheel.lay(f".{slsa}", wheel.bundle(slsa=slsa)) for slsa in (False, True)]
    kinds = ("--predicate", "publish", "slsa")
    trust = ("--trust-root", wheel.root, *BY_HAND)
    assert verify(capsys, wheel.path, "--attestation", *files, *trust, *kinds).exit_code == 0
    assert verify(capsys, *trust, *kinds, "--attestation", *files, wheel.path).exit_code == 0
    assert verify(capsys, "--attestation", *files, *trust, *kinds, wheel.path).exit_code == 0
    assert verify(capsys, wheel.path, "--attestation", *files, *trust, "--predicate", "vsa").exit_code == 2
    assert verify(capsys, *trust).exit_code == 2


def test_without_any_attestation_the_wheel_is_not_verified(wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    found = verify(capsys, wheel.path, "--trust-root", wheel.root, *BY_HAND)
    assert (found.exit_code, found.codes) == (1, ("not-attested", "not-attested"))


# option, value, claims that fit, claims that do not, the code then: every rule mutated (T8, and ids: T9)
RULES = [
    ("t8-repository", "--repository", "acme/provider", {}, {"repository": "https://github.com/acme/other"},
     "repository-mismatch"),
    ("t8-workflow", "--workflow", "release.yml", {}, {"workflow": "nightly.yml"}, "workflow-mismatch"),
    ("t7-ref", "--ref", "refs/tags/v*", {}, {"ref": "refs/heads/main"}, "ref-mismatch"),
    ("t9-repository-made-anew", "--repository-id", "1001", {}, {"repository_id": "1002"}, "repository-id-mismatch"),
    ("t9-owner-made-anew", "--owner-id", "71", {}, {"owner_id": "72"}, "owner-id-mismatch"),
    ("t8-trigger", "--trigger", "release", {"trigger": "release"}, {"trigger": "push"}, "trigger-mismatch"),
    ("t8-runner", "--runner", "github-hosted", {}, {"runner": "self-hosted"}, "runner-mismatch"),
    ("t8-issuer", "--issuer", CLAIMS.issuer, {}, {"issuer": "https://gitlab.example"}, "issuer-mismatch"),
    ("t8-signer", "--signer", REUSED, {"signer": REUSED}, {}, "signer-mismatch"),
]  # fmt: skip


@pytest.mark.parametrize("row", RULES, ids=[row[0] for row in RULES])
def test_each_option_is_held_against_the_certificate(
    row: tuple[str, str, str, dict[str, str], dict[str, str], str],
    wheel: Attested,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, option, value, fitting, other, code = row
    options = {"--repository": "acme/provider", "--workflow": "release.yml", option: value}
    given = [word for pair in options.items() for word in pair]
    for claims, expected in ((fitting, "ok"), (other, code)):
        file = wheel.lay(".given", wheel.bundle(CLAIMS._replace(**claims)))
        found = verify(capsys, wheel.path, "--attestation", file, "--trust-root", wheel.root, *given)
        assert (found.exit_code, found.codes) == (expected != "ok", (expected, expected)), found


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"ref": "refs/pull/7/merge"}, "ref-mismatch"),
        ({"trigger": "pull_request"}, "trigger-mismatch"),
        ({"trigger": "pull_request_target"}, "trigger-mismatch"),
        ({"trigger": "workflow_run"}, "trigger-mismatch"),
        ({"trigger": "issue_comment"}, "trigger-mismatch"),
        ({"ref": "refs/heads/main", "trigger": "workflow_dispatch"}, "ok"),
        ({"signer": REUSED}, "signer-mismatch"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()).replace("/", ":")[:40],
)
def test_t8_what_strangers_can_cause_is_refused_unless_it_is_asked_for(
    claims: dict[str, str], code: str, wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel.lay(".sigstore.json", wheel.bundle(CLAIMS._replace(**claims)))
    found = verify(capsys, wheel.path, "--trust-root", wheel.root, *BY_HAND)
    assert found.codes[1] == code, found


def test_a_pull_requests_run_counts_only_when_both_its_ref_and_its_trigger_are_named(
    wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel.lay(".sigstore.json", wheel.bundle(CLAIMS._replace(ref="refs/pull/7/merge", trigger="pull_request")))
    given = [wheel.path, "--trust-root", wheel.root, *BY_HAND, "--trigger", "pull_request", "--ref"]
    assert verify(capsys, *given, "refs/*").codes[1] == "ref-mismatch"
    assert verify(capsys, *given, "refs/pull/*").codes[1] == "ok"


def test_github_knows_no_letter_case_and_nobody_else_does(wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    wheel.lay(".sigstore.json", wheel.bundle())
    trust = ("--trust-root", wheel.root)
    for repository in ("ACME/Provider", "https://github.com/Acme/provider", "https://github.com/acme/provider.git"):
        given = ("--repository", repository, "--workflow", "release.yml")
        assert verify(capsys, wheel.path, *trust, *given).exit_code == 0, repository
    assert verify(capsys, wheel.path, *trust, *BY_HAND[:2], "--workflow", "Release.yml").codes[1] == "workflow-mismatch"
    claims = CLAIMS._replace(repository="https://gitlab.example/acme/provider", owner="https://gitlab.example/acme")
    wheel.lay(".sigstore.json", wheel.bundle(claims))
    path = ".github/workflows/release.yml"
    for repository, code in (("acme", "ok"), ("Acme", "repository-mismatch")):
        url = f"https://gitlab.example/{repository}/provider"
        found = verify(capsys, wheel.path, *trust, "--repository", url, "--workflow", path)
        assert found.codes[1] == code, found


@pytest.mark.parametrize(
    ("wanted", "given", "code"),
    [
        (["publish"], [False], "ok"),
        (["slsa"], [True], "ok"),
        (["publish", "slsa"], [False, True], "ok"),
        (["slsa"], [False], "predicate-type"),
        (["publish", "slsa"], [True], "predicate-type"),
    ],
    ids=["publish", "slsa", "both", "slsa missing", "publish missing"],
)
def test_the_predicates_asked_for_must_be_there(
    wanted: list[str], given: list[bool], code: str, wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [word for kind in wanted for word in ("--predicate", kind)]
    for number, slsa in enumerate(given):
        options += ["--attestation", wheel.lay(f".{number}", wheel.bundle(slsa=slsa))]
    found = verify(capsys, wheel.path, "--trust-root", wheel.root, *BY_HAND, *options)
    assert found.codes[1] == code
    if code == "ok":
        assert set(found.verdict["provenance"]["predicates"]) <= {PUBLISH, SLSA}


@pytest.mark.parametrize(
    "spoilt",
    [b"", b"{}", b"[]", b"not json", b'{"mediaType": 1}', b"\xff\xfe", b'{"a": 1, "a": 2}', b"[" * 100_000],
    ids=["empty", "no form", "a list", "text", "half", "no utf-8", "a key twice", "deep"],
)
def test_a_hostile_attestation_is_a_no_and_not_an_error(
    spoilt: bytes, wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    file = wheel.lay(".given", spoilt)
    found = verify(capsys, wheel.path, "--attestation", file, "--trust-root", wheel.root, *BY_HAND)
    assert (found.exit_code, found.codes) == (1, ("malformed", "malformed"))
    assert "Traceback" not in found.error


def test_t10_a_flipped_byte_of_the_wheel_is_another_file(wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    wheel.lay(".sigstore.json", wheel.bundle())
    data = bytearray(wheel.data)
    data[len(data) // 2] ^= 1
    write(wheel.path, bytes(data))
    found = verify(capsys, wheel.path, "--trust-root", wheel.root, *BY_HAND)
    assert (found.exit_code, found.codes) == (1, ("wheel-not-canonical", "subject-digest"))


def test_a_wheel_that_is_not_canonical_is_a_no_although_it_is_attested(
    wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    write(wheel.path, wheel.data + b"behind the end")
    wheel.lay(".sigstore.json", wheel.bundle())
    found = verify(capsys, wheel.path, "--trust-root", wheel.root, *BY_HAND)
    assert (found.exit_code, found.codes) == (1, ("wheel-not-canonical", "ok"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{wheel}"], "--repository OWNER/NAME --workflow"),
        (["{wheel}", "--repository", "acme/provider"], "--workflow FILE.yml"),
        (["{wheel}", "--workflow", "release.yml"], "--repository"),
        (["{wheel}", "--ref", "refs/tags/v*"], "--repository"),
        (["{wheel}", "--repository", "acme", "--workflow", "x.yml"], "expected OWNER/NAME"),
        (["{wheel}", *BY_HAND, "--list", "."], "leave one out"),
        (["{wheel}", *BY_HAND, "--attestation", "none.json"], "none.json"),
        (["{wheel}", *BY_HAND, "--trust-root", "none.json"], "none.json"),
        (["none-1.0-py3-none-any.whl", *BY_HAND], "cannot be read"),
        (["trusted_root.json", *BY_HAND], "wheel file name"),
        (["acme-variant-provider", *BY_HAND], "NAME==VERSION"),
        (["acme-variant-provider==2.0", *BY_HAND], "--index-url"),
        (["{wheel}", "--list", "nowhere"], "providers.toml"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_wrong_usage_is_told_with_exit_2(
    arguments: list[str], said: str, wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    found = verify(capsys, *(word.format(wheel=wheel.path) for word in arguments))
    assert (found.exit_code, found.verdict) == (2, {})
    assert said in found.error


@pytest.mark.parametrize(
    "root", [b"{}", b"x", b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'],
    ids=["empty", "no json", "no keys"],
)  # fmt: skip
def test_a_trust_root_that_cannot_be_used_is_exit_2(
    root: bytes, wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel.lay(".sigstore.json", wheel.bundle())
    write(wheel.root, root)
    found = verify(capsys, wheel.path, "--trust-root", wheel.root, *BY_HAND)
    assert (found.exit_code, found.verdict) == (2, {})
    assert "trusted_root.json" in found.error


def test_without_a_trust_root_the_public_one_of_the_installed_package_counts(
    wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel.lay(".sigstore.json", wheel.bundle())
    found = verify(capsys, wheel.path, *BY_HAND)
    assert (found.exit_code, found.codes[1]) == (1, "certificate-untrusted")


def test_people_read_the_same_in_lines(wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    wheel.lay(".sigstore.json", wheel.bundle())
    assert cli.main(["verify", wheel.path, "--trust-root", wheel.root, *BY_HAND]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{wheel.filename}: yes, ok\n")
    assert "    repository: https://github.com/acme/provider\n" in printed
    assert f"sha256 {wheel.sha256}" in printed


def test_help_says_what_is_refused_when_nothing_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["verify", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "default: any but pull requests'" in shown
    assert "default: any that strangers cannot cause" in shown


def test_a_bare_signature_says_who_signed_and_states_nothing(
    wheel: Attested, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel.lay(".sigstore.json", bare_signature(INSTANCE, wheel.data, CLAIMS))
    given = (wheel.path, "--trust-root", wheel.root, *BY_HAND)
    found = verify(capsys, *given)
    assert (found.exit_code, found.codes) == (0, ("ok", "ok")), found
    assert found.verdict["provenance"]["predicates"] == []
    assert verify(capsys, *given, "--predicate", "publish").codes[1] == "predicate-type"
    assert verify(capsys, *given, "--repository-id", "1002").codes[1] == "repository-id-mismatch"
    write(wheel.path, make_attested(os.path.dirname(wheel.root), "3.0").data)
    assert verify(capsys, *given).codes[1] == "subject-digest"


def test_a_bare_signature_is_too_little_for_a_list(
    wheel: Attested, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel.lay(".sigstore.json", bare_signature(INSTANCE, wheel.data, CLAIMS))
    package = (
        '[packages.acme-variant-provider]\nnamespace = "acme"\nplugin-api = ["acme_variant_provider"]\n'
        '[[packages.acme-variant-provider.identity]]\nrepository = "https://github.com/acme/provider"\n'
        'workflow = "release.yml"\n'
    )
    listed = make_list_directory(tmp_path, package=package, trust_root=INSTANCE.trusted_root_json)
    assert verify(capsys, wheel.path, "--list", listed.path).codes[1] == "predicate-type"


class TestIndex:
    """What an index serves: the page's `provenance` (HTML and JSON), and the integrity API."""

    @pytest.fixture
    def served(self, tmp_path: Path, wheel: Attested) -> Attested:
        os.mkdir(tmp_path / "files")
        return Attested(make_wheel(tmp_path / "files", "acme-variant-provider", "2.0"), wheel.root)

    def judged(self, index: HttpIndex, wheel: Attested, target: str, capsys: pytest.CaptureFixture[str]) -> object:
        found = verify(capsys, target, "--index-url", index.url, "--trust-root", wheel.root, *BY_HAND)
        return found.exit_code, found.verdict and found.codes[1]

    @pytest.mark.parametrize("json_page", [True, False], ids=["json", "html"])
    @pytest.mark.parametrize("advertised", [True, False], ids=["named on the page", "integrity API alone"])
    @pytest.mark.parametrize("by_name", [True, False], ids=["name", "path"])
    def test_attestations_are_taken_from_it(
        self,
        json_page: bool,
        advertised: bool,
        by_name: bool,
        served: Attested,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        target = "Acme_Variant.Provider==2" if by_name else served.path
        with http_index(os.path.dirname(served.path)) as index:
            index.json, index.advertises_provenance = json_page, advertised
            index.provenance[served.filename] = json.dumps(served.provenance()).encode()
            assert self.judged(index, served, target, capsys) == (0, "ok")

    def test_an_index_without_attestations_is_a_no(self, served: Attested, capsys: pytest.CaptureFixture[str]) -> None:
        with http_index(os.path.dirname(served.path)) as index:
            assert self.judged(index, served, "acme-variant-provider==2.0", capsys) == (1, "not-attested")

    def test_t10_other_bytes_than_the_attested_are_a_no(
        self, served: Attested, capsys: pytest.CaptureFixture[str]
    ) -> None:
        provenance = json.dumps(served.provenance()).encode()
        make_wheel(os.path.dirname(served.path), "acme-variant-provider", "2.0", files={"x.py": "EVIL = 1\n"})
        with http_index(os.path.dirname(served.path)) as index:
            index.provenance[served.filename] = provenance
            assert self.judged(index, served, "acme-variant-provider==2.0", capsys) == (1, "subject-digest")

    @pytest.mark.parametrize(
        ("path", "answers", "expected"),
        [
            ("/simple/acme-variant-provider/", status(503), (3, {})),
            ("*", status(401), (3, {})),
            ("provenance", status(500), (3, {})),
            ("provenance", body(b"{}"), (1, "malformed")),
            ("provenance", body(b"x" * (5 << 20)), (1, "malformed")),
        ],
        ids=["page fails", "login", "provenance fails", "provenance of no form", "provenance without end"],
    )
    def test_an_index_that_fails_leaves_it_undetermined(
        self,
        path: str,
        answers: object,
        expected: object,
        served: Attested,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        with http_index(os.path.dirname(served.path)) as index:
            where = f"/integrity/acme-variant-provider/2.0/{served.filename}/provenance"
            index.answer(where if path == "provenance" else path, answers)  # type: ignore[arg-type]
            assert self.judged(index, served, "acme-variant-provider==2.0", capsys) == expected

    def test_an_index_that_nobody_answers_for_is_exit_3(
        self, served: Attested, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}/simple/"
        for target in ("acme-variant-provider==2.0", served.path):
            found = verify(capsys, target, "--index-url", url, "--trust-root", served.root, *BY_HAND)
            assert (found.exit_code, found.verdict) == (3, {})

    def test_the_index_of_the_environment_is_asked_for_a_release_alone(
        self, served: Attested, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with http_index(os.path.dirname(served.path)) as index:
            index.provenance[served.filename] = json.dumps(served.provenance()).encode()
            given = ("--trust-root", served.root, *BY_HAND)
            environ = {"PIP_INDEX_URL": index.url}
            assert verify(capsys, served.path, *given, environ=environ).codes[1] == "not-attested"
            assert index.requests == []
            assert verify(capsys, "acme-variant-provider==2.0", *given, environ=environ).exit_code == 0

    @pytest.mark.parametrize("version", ["3.0", "2.0.1"])
    def test_a_release_that_is_not_there_is_exit_2(
        self, version: str, served: Attested, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with http_index(os.path.dirname(served.path)) as index:
            assert self.judged(index, served, f"acme-variant-provider=={version}", capsys) == (2, {})

    def test_a_directory_is_an_index_too(self, served: Attested, capsys: pytest.CaptureFixture[str]) -> None:
        served.lay(".provenance", served.provenance())
        given = ("--index-url", os.path.dirname(served.path), "--trust-root", served.root, *BY_HAND)
        assert verify(capsys, "acme-variant-provider==2.0", *given).exit_code == 0

    def test_provenance_must_be_at_a_whole_address(self, served: Attested, capsys: pytest.CaptureFixture[str]) -> None:
        page = {
            "meta": {"api-version": "1.3"},
            "name": "acme-variant-provider",
            "files": [
                {
                    "filename": served.filename,
                    "url": f"/files/{served.filename}",
                    "hashes": {"sha256": served.sha256},
                    "provenance": "file:///etc/passwd",
                }
            ],
        }
        with http_index(os.path.dirname(served.path)) as index:
            index.answer("/simple/acme-variant-provider/", body(json.dumps(page).encode()))
            assert self.judged(index, served, "acme-variant-provider==2.0", capsys) == (1, "malformed")


def test_now_is_asked_of_the_world_alone(wheel: Attested, capsys: pytest.CaptureFixture[str]) -> None:
    wheel.lay(".sigstore.json", wheel.bundle(logged_at=NOW - 3600))
    given = (wheel.path, "--trust-root", wheel.root, *BY_HAND)
    assert verify(capsys, *given, now=NOW).exit_code == 0
    assert verify(capsys, *given, now=NOW - 7200).codes[1] == "from-the-future"

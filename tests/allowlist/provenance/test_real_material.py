"""Real attestations of real releases, judged offline by the roots that the sigstore package carries.

They are the test assets of pypi-attestations, which `tests/corpora/fetch.py` fetches by hash; without them these tests
are skipped. Files for which a rule can be written are verified; those of people and of services that our rules do not
speak of pass every check of signatures and logs, and are refused for what their certificates say.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import pytest

from support.attested import NOW, Case, flipped, judge, replaced
from support.corpora import VARIABLE, corpora_folder
from support.private_sigstore import PUBLISH, SLSA
from variantkit_allowlist.model import IdentityRule
from variantkit_allowlist.provenance import bundled_trust_root

if TYPE_CHECKING:
    from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PRODUCTION = "https://tuf-repo-cdn.sigstore.dev"
STAGING = "https://tuf-repo-cdn.sigstage.dev"
LONG_AFTER = 1_780_000_000
RELEASE = "pypi_attestations-0.0.19.tar.gz"
OLDER = "pypi_attestation_models-0.0.4a2.tar.gz"
GITLAB = "gitlab_oidc_project-0.0.3.tar.gz"
WHEEL = "rfc8785-0.1.2-py3-none-any.whl"
CIRCLE = "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl"
GOOGLE = "gcb_attestation_test-0.0.0.tar.gz"
ABSENT = "spt3g-1.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"

GITHUB_RULE = IdentityRule(
    repository="https://github.com/trailofbits/pypi-attestations",
    repository_id="772247423",
    owner="https://github.com/trailofbits",
    owner_id="2314423",
    workflow="release.yml",
    ref="refs/tags/v*",
    trigger=("release",),
    runner="github-hosted",
)
OLDER_RULE = GITHUB_RULE.model_copy(update={"repository": "https://github.com/trailofbits/pypi-attestation-models"})
GITLAB_RULE = IdentityRule(
    issuer="https://gitlab.com",
    repository="https://gitlab.com/facutuesca/gitlab-oidc-project",
    repository_id="55235664",
    owner_id="12885801",
    workflow=".gitlab-ci.yml",
    ref="refs/heads/main",
    trigger=("push",),
    runner="gitlab-hosted",
)


class Real(NamedTuple):
    """A file, what attests it, by which root, the rule it is held to, and what comes of it."""

    filename: str
    attestation: str
    rule: IdentityRule
    code: str
    predicate: str = PUBLISH
    root: str = PRODUCTION


REAL = [
    Real(RELEASE, ".publish.attestation", GITHUB_RULE, "ok"),
    Real(RELEASE, ".slsa.attestation", GITHUB_RULE, "ok", SLSA),
    Real(RELEASE, ".provenance", GITHUB_RULE, "ok"),
    Real(OLDER, ".attestation", OLDER_RULE, "ok"),
    Real(OLDER, ".sigstore", OLDER_RULE, "ok"),
    Real(GITLAB, ".publish.attestation", GITLAB_RULE, "ok"),
    Real(CIRCLE, ".publish.attestation", GITHUB_RULE, "issuer-mismatch"),
    Real(CIRCLE, ".provenance", GITHUB_RULE, "issuer-mismatch"),
    Real(GOOGLE, ".provenance", GITHUB_RULE, "issuer-mismatch"),
    Real(WHEEL, ".attestation", GITHUB_RULE, "issuer-mismatch", root=STAGING),
    Real(WHEEL, ".publish.attestation", GITHUB_RULE, "issuer-mismatch", root=STAGING),
    Real(WHEEL, ".sigstore", GITHUB_RULE, "issuer-mismatch", root=STAGING),
    Real(ABSENT, ".publish.attestation", GITHUB_RULE, "subject-digest", root=STAGING),
]
each_real = pytest.mark.parametrize("real", REAL, ids=[f"{real.filename[:20]}{real.attestation}" for real in REAL])
each_verified = pytest.mark.parametrize(
    "real", [real for real in REAL if real.code == "ok"], ids=lambda real: f"{real.filename[:20]}{real.attestation}"
)


def root_of(url: str) -> bytes:
    """The root that the installed sigstore package carries for an instance of Sigstore."""
    return (resources.files("sigstore._store") / quote(url, safe="") / "trusted_root.json").read_bytes()


def path_of(name: str) -> str:
    return os.path.join(corpora_folder("pypi-attestations"), name)


def read(name: str) -> bytes:
    with open(path_of(name), "rb") as stream:
        return stream.read()


def case_of(real: Real) -> Case:
    """The real file, its real attestation, the real root; the clock says 2026."""
    digest = hashlib.sha256(read(real.filename)).hexdigest() if real.filename != ABSENT else "00" * 32
    material = read(real.filename + real.attestation)
    return Case(material, root_of(real.root), LONG_AFTER, real.filename, digest, real.rule)


def test_the_root_we_carry_is_the_production_root_of_the_package() -> None:
    assert bundled_trust_root().data == root_of(PRODUCTION)


@each_real
def test_a_real_file_is_judged_as_it_must_be(real: Real) -> None:
    found = judge(case_of(real))
    assert (found.code, found.verified) == (real.code, real.code == "ok"), found.detail
    if found.verified:
        assert found.predicates == (real.predicate,)
        assert found.identity.repository == real.rule.repository
        assert found.logged is not None
        assert found.logged < NOW


@each_real
def test_the_other_root_trusts_nothing_of_it(real: Real) -> None:
    other = root_of(STAGING if real.root == PRODUCTION else PRODUCTION)
    assert judge(case_of(real)._replace(root=other)).code == "certificate-untrusted"


@each_verified
def test_a_real_file_with_one_bit_flipped_is_refused(real: Real) -> None:
    data = bytearray(read(real.filename))
    data[len(data) // 2] ^= 1
    case = case_of(real)._replace(sha256=hashlib.sha256(data).hexdigest())
    assert judge(case).code == "subject-digest"


@each_verified
def test_real_material_is_from_the_future_before_it_was_logged(real: Real) -> None:
    assert judge(case_of(real)._replace(now=1_700_000_000)).code == "from-the-future"


@each_verified
def test_a_real_authority_whose_window_is_closed_is_refused(real: Real) -> None:
    root = json.loads(root_of(real.root))
    for authority in root["certificateAuthorities"]:
        authority["validFor"]["end"] = "2023-01-01T00:00:00Z"
    assert judge(case_of(real)._replace(root=json.dumps(root).encode())).code == "outside-window"


# Each thing a rule can say, said otherwise.
OTHERWISE = [
    ({"issuer": "https://gitlab.com"}, "issuer-mismatch"),
    ({"repository": "https://github.com/mallory/pypi-attestations"}, "repository-mismatch"),
    ({"repository_id": "772247424"}, "repository-id-mismatch"),
    ({"owner": "https://github.com/mallory"}, "owner-mismatch"),
    ({"owner_id": "2314424"}, "owner-id-mismatch"),
    ({"workflow": "tests.yml"}, "workflow-mismatch"),
    ({"signer": "https://github.com/trailofbits/pypi-attestations/.github/workflows/x.yml"}, "signer-mismatch"),
    ({"ref": "refs/heads/*"}, "ref-mismatch"),
    ({"trigger": ("push",)}, "trigger-mismatch"),
    ({"runner": "self-hosted"}, "runner-mismatch"),
]


@pytest.mark.parametrize("real", REAL[:2], ids=["publish", "slsa"])
@pytest.mark.parametrize(("change", "code"), OTHERWISE, ids=[row[1] for row in OTHERWISE])
def test_t8_each_part_of_a_rule_is_held_against_real_claims(real: Real, change: dict[str, Any], code: str) -> None:
    assert judge(case_of(real)._replace(rule=real.rule.model_copy(update=change))).code == code


def test_a_renamed_repository_is_another_name_with_the_same_number() -> None:
    """Both releases come from one repository, renamed between them: the number tells."""
    older = judge(case_of(REAL[3])).identity
    newer = judge(case_of(REAL[0])).identity
    assert older.repository != newer.repository
    assert older.repository_id == newer.repository_id
    assert judge(case_of(REAL[3])._replace(rule=GITHUB_RULE)).code == "repository-mismatch"


def test_the_indexs_word_on_the_publisher_changes_nothing() -> None:
    real = REAL[2]
    document = json.loads(read(real.filename + real.attestation))
    publisher = {"kind": "GitHub", "repository": "mallory/provider", "workflow": "evil.yml"}
    changed = replaced(document, ("attestation_bundles", 0, "publisher"), publisher)
    assert judge(case_of(real)._replace(material=changed)) == judge(case_of(real))


def test_a_real_attestation_with_another_signature_is_refused() -> None:
    real = REAL[0]
    document = json.loads(read(real.filename + real.attestation))
    signature = flipped(document["envelope"]["signature"])
    changed = replaced(document, ("envelope", "signature"), signature)
    assert judge(case_of(real)._replace(material=changed)).code == "signature-invalid"


@each_verified
def test_pypi_attestations_says_the_same(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer's own verification, with the same root in place of the one it would fetch."""
    import pypi_attestations
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier
    from sigstore_models.trustroot import v1

    verifier = Verifier(trusted_root=TrustedRoot(v1.TrustedRoot.from_json(root_of(real.root))))
    monkeypatch.setattr("pypi_attestations._impl.Verifier.production", lambda **_: verifier)
    data = read(real.filename + real.attestation)
    if real.attestation == ".sigstore":
        attestation = pypi_attestations.Attestation.from_bundle(Bundle.from_json(data))
    elif real.attestation == ".provenance":
        bundles = pypi_attestations.Provenance.model_validate_json(data).attestation_bundles
        attestation = bundles[0].attestations[0]
    else:
        attestation = pypi_attestations.Attestation.model_validate_json(data)
    repository = real.rule.repository.split("/", 3)[3]
    publisher: pypi_attestations.Publisher
    if real.filename == GITLAB:
        publisher = pypi_attestations.GitLabPublisher(repository=repository, workflow_filepath=real.rule.workflow)
    else:
        publisher = pypi_attestations.GitHubPublisher(repository=repository, workflow=real.rule.workflow)
    digest = case_of(real).sha256
    kind, _ = attestation.verify(publisher, pypi_attestations.Distribution(name=real.filename, digest=digest))
    assert kind == real.predicate


RUN = "import sys; from variantkit_allowlist.cli.main import main; sys.exit(main())"


def without_network(*command: str, home: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a network namespace of its own, in which nothing can be reached, and in a home of its own."""
    isolated = ("unshare", "-rn")
    if not shutil.which("unshare") or subprocess.run([*isolated, "true"], check=False, capture_output=True).returncode:
        pytest.skip("unshare -rn: this system makes no network namespaces for users")
    environ = {"HOME": home, "PATH": os.defpath, "XDG_CACHE_HOME": home, "XDG_DATA_HOME": home}
    environ[VARIABLE] = corpora_folder("")
    arguments = [*isolated, sys.executable, *command]
    done = subprocess.run(arguments, env=environ, cwd=ROOT, check=False, capture_output=True, text=True)
    assert os.listdir(home) == []  # nothing was cached, so nothing there is ever believed
    return done


def test_real_material_is_judged_the_same_where_there_is_no_network(tmp_path: Path) -> None:
    wanted = "test_a_real_file_is_judged_as_it_must_be"
    done = without_network("-m", "pytest", "-q", "-p", "no:cacheprovider", f"{__file__}::{wanted}", home=str(tmp_path))
    assert (done.returncode, f"{len(REAL)} passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_command_judges_a_real_wheel_where_there_is_no_network(tmp_path: Path) -> None:
    """Sound in every signature, and by a service that the rule does not name."""
    files = [path_of(CIRCLE), f"--attestation={path_of(CIRCLE)}.publish.attestation"]
    identity = ["--repository", "CircleCI-Public/sign-and-publish-examples", "--workflow", "release.yml"]
    done = without_network("-c", RUN, "verify", *files, *identity, "--json", home=str(tmp_path))
    assert done.returncode == 1, done.stderr
    provenance = json.loads(done.stdout)["provenance"]
    assert (provenance["verified"], provenance["code"]) == (False, "issuer-mismatch")
    assert provenance["identity"]["issuer"] == "https://oidc.circleci.com"

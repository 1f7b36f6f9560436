"""The gate from the outside: whatever a list refuses, no verb of the real program runs it or asks an index for it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.approvals import approve, write_list
from support.scene import LONG_AFTER, MODULE, PACKAGE, Scene
from support.served import http_index
from support.wheels import make_wheel
from variantkit.trust.gate import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LIST_STATES = {"list-expired", "list-invalid", "list-rolled-back", "clock-before-list"}

ABOUT_BYTES = {"hash-mismatch", "wheel-not-canonical"}
"""Refused only when a file is at hand: the index may be asked for its page, and for what has the approved hash."""

ABOUT_INDEXES = {"index-mismatch"}
"""A wheel in a directory is bound to no index: see the test where the only one is on an index."""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


class Case(NamedTuple):
    """How a refusal comes about: changes to the entry, keys of the list, and what the metadata asks for."""

    code: str
    entry: Mapping[str, Any] = {}
    listed: Mapping[str, Any] = {}
    requires: Sequence[str] = (PACKAGE,)
    namespace: str = "example"
    provider: Mapping[str, Any] = {}
    spoil: Callable[[Scene], None] = lambda scene: None


def add_compiled(scene: Scene) -> None:
    with zipfile.ZipFile(scene.provider, "a") as archive:
        archive.writestr(f"{MODULE}.pyc", b"")


def embed_newer(scene: Scene) -> None:
    """Beside it the list is older; its serial is 0, which no memory of the user who runs the tests has to hold."""
    scene.write_bundle(write_list(scene.root / "newer.json", [], id="site", serial=9, expires=LONG_AFTER))


CASES = {
    "another package": Case("not-listed", {"package": "other-provider"}),
    "a version revoked": Case("revoked", {}, {"revoked": [{"package": PACKAGE, "version": "1"}]}),
    "a package revoked in another spelling": Case("revoked", {}, {"revoked": [{"package": PACKAGE.upper()}]}),
    "an approval that ended": Case("expired", {"expires": "2020-01-01"}),
    "another version": Case("version-not-approved", requires=[f"{PACKAGE}>=2"]),
    "a function of the standard library": Case("plugin-api-mismatch", provider={"plugin-api": "os:system"}),
    "a module beside": Case("plugin-api-mismatch", provider={"plugin-api": f"{MODULE}.x"}),
    "a module beside the wheel": Case("plugin-api-mismatch", {"plugin-api": ["json"]}, provider={"plugin-api": "json"}),
    "somebody else's namespace": Case("namespace-mismatch", namespace="nvidia"),
    "a URL": Case("requires-unsupported", requires=[f"{PACKAGE} @ https://evil.invalid/x.whl"]),
    "a second package": Case("requires-unsupported", requires=[PACKAGE, "evil"]),
    "a second package under a false marker": Case("requires-unsupported", requires=[PACKAGE, "evil; os_name=='x'"]),
    "an extra": Case("requires-unsupported", requires=[f"{PACKAGE}[evil]"]),
    "an option for pip": Case("requires-unsupported", requires=["--index-url=https://evil.invalid"]),
    "other bytes": Case("hash-mismatch", {"sha256": ["0" * 64]}),
    "compiled code": Case("wheel-not-canonical", spoil=add_compiled),
    "a list that ended": Case("list-expired", {}, {"expires": "2020-01-01"}),
    "a list that is none": Case("list-invalid", {}, {"serial": True}),
    "a list with a critical key": Case("list-invalid", {}, {"critical": ["unheard-of"]}),
    "a list older than the embedded one": Case("list-rolled-back", {}, {"id": "site", "serial": 0}, spoil=embed_newer),
    "a list of the future": Case("clock-before-list", {}, {"issued": "2199-01-01"}),
}  # fmt: skip
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def prepare(scene: Scene, case: Case) -> tuple[str, str]:
    case.spoil(scene)
    entry = {**approve(scene.provider), **case.entry}
    listed = write_list(scene.root / "approved.json", [entry], **{"expires": LONG_AFTER, **case.listed})
    return listed, scene.write_release(case.requires, case.namespace, **case.provider)


def test_every_refusal_is_tried_from_outside() -> None:
    assert {case.code for case in CASES.values()} | ABOUT_INDEXES == set(REFUSALS)


def test_an_approved_provider_does_leave_its_trace(scene: Scene) -> None:
    listed, release = prepare(scene, Case("ok"))
    ended = scene.run("select", release, *scene.decide(listed))
    assert (ended.code, ended.out) == (0, "hot\n"), ended.err
    assert scene.trace.exists()


@every_case
def test_t1_select_and_explain_say_why_and_run_nothing(scene: Scene, case: Case) -> None:
    listed, release = prepare(scene, case)
    ended = scene.run("select", release, "--json", *scene.decide(listed))
    found = json.loads(ended.out)
    assert (ended.code, found["selected"]) == (0, "null")
    assert found["namespaces"][case.namespace]["code"] == case.code
    assert ended.err.count(f": {case.code}: ") == 1
    assert case.code in scene.run("explain", release, *scene.decide(listed)).out
    assert not scene.trace.exists()


ABOUT_METADATA = ("version-not-approved", "requires-unsupported", "namespace-mismatch")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name)
        for name, case in CASES.items()
        if case.code not in ABOUT_METADATA and (case.code != "plugin-api-mismatch" or case.entry)
    ],
)
def test_detect_and_doctor_run_nothing_that_is_refused(scene: Scene, case: Case) -> None:
    listed, _ = prepare(scene, case)
    ended = scene.run("detect", "--namespace", "example", "--json", *scene.decide(listed))
    answer = json.loads(ended.out)["namespaces"]["example"]
    expected = {"denied"} if case.entry.get("package") is None else {"denied", "undetermined"}
    assert answer["status"] in expected
    assert answer["features"] == []
    scene.run("doctor", *scene.decide(listed))
    assert not scene.trace.exists()


ONE_OF_EACH = {case.code: case for case in reversed(CASES.values())}


@pytest.mark.parametrize("case", ONE_OF_EACH.values(), ids=ONE_OF_EACH)
def test_t1_install_asks_no_index_for_a_refused_provider_and_runs_nothing(scene: Scene, case: Case) -> None:
    listed, _ = prepare(scene, case)
    target = scene.root / "target"
    with http_index(str(scene.wheels)) as index:
        ended = scene.run(
            "install", "--installer", "uv", "--python", sys.executable, "--target", str(target),
            "--index-url", index.url, "sel", *scene.decide(listed),
        )  # fmt: skip
        asked = [request.path for request in index.asked]
    of_provider = [path for path in asked if "hostile" in path.lower() or "evil" in path]
    assert not of_provider or case.code in ABOUT_BYTES
    assert case.code == "wheel-not-canonical" or not [path for path in of_provider if path.endswith(".whl")]
    assert [path for path in asked if "sel" in path]
    assert ended.code == (3 if case.code in LIST_STATES else 0), ended.err
    assert (target / "sel").exists() == (case.code not in LIST_STATES)
    assert not scene.trace.exists()


@pytest.mark.parametrize("approved", [True, False], ids=["its-index", "another-index"])
def test_t5_a_provider_bound_to_an_index_comes_from_no_other(scene: Scene, approved: bool) -> None:
    (scene.root / "empty").mkdir()
    with http_index(str(scene.wheels)) as index:
        bound = index.url if approved else "https://approved.invalid/simple"
        listed, _ = prepare(scene, Case("index-mismatch", {"index": [bound]}))
        ended = scene.run(
            "select", index.url, "sel", "--json", "--approved", listed, "--provider-wheels", str(scene.root / "empty")
        )
        fetched = index.got(".whl")
    found = json.loads(ended.out)
    assert found["namespaces"]["example"].get("code", "") == ("" if approved else "index-mismatch")
    assert found["selected"] == ("hot" if approved else "null")
    assert bool([asked for asked in fetched if "hostile" in asked.path]) is approved
    assert scene.trace.exists() is approved


def test_t26_labelling_asks_a_provider_only_through_the_gate(scene: Scene) -> None:
    listed, _ = prepare(scene, Case("not-listed", {"package": "other-provider"}))
    (scene.root / "home" / "pyproject.toml").write_text(
        '[variant.default-priorities]\nnamespace = ["example"]\n'
        f'[variant.providers.example]\nbuild-requires = ["{PACKAGE}"]\n'
        '[variant.variants.hot]\nexample.level = ["v1"]\n'
    )
    wheel = make_wheel(scene.root / "home", "mine")
    ended = scene.run("wheel", "label", wheel, "--label", "hot", *scene.decide(listed))
    assert (ended.code, ended.out) == (2, "")
    assert "not-listed" in ended.err
    assert not scene.trace.exists()


def test_t26_looking_at_wheels_runs_nothing_of_them(scene: Scene) -> None:
    assert scene.run("wheel", "show", scene.provider).code == 0
    assert scene.run("index", str(scene.providers)).code == 0
    assert not scene.trace.exists()


def test_t25_plugins_of_the_environment_are_not_discovered(scene: Scene) -> None:
    """An entry point in the group that other tools load runs nothing here, nor does a module of the endpoint's name."""
    place = scene.root / "bundle"
    (place / f"{MODULE}.py").write_text(f"open({str(scene.trace)!r}, 'a').close()\n")
    info = place / "hostile_variant_provider-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[variant_plugins]\nexample = {MODULE}\n")
    release = scene.write_release([PACKAGE], "example")
    for arguments in (["detect"], ["doctor"], ["select", release], ["explain", release]):
        scene.run(*arguments)
        assert not scene.trace.exists(), arguments


def test_t26_no_exec_runs_not_even_what_is_approved(scene: Scene) -> None:
    listed, release = prepare(scene, Case("ok"))
    scene.run("select", release, "--no-exec", *scene.decide(listed))
    for arguments in (["select", release], ["detect"], ["doctor"], ["explain", release]):
        scene.run(*arguments, *scene.decide(listed), VARIANTKIT_NO_EXEC="1")
        assert not scene.trace.exists(), arguments


WATCHED = """
import os, sys
def watch(event, arguments):
    if event in {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.fork", "os.system", "os.spawn"}:
        os._exit(99)
sys.addaudithook(watch)
from variantkit.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("options", "code"), [([], 99), (["--no-exec"], 0)], ids=["approved", "no-exec"])
def test_t26_no_exec_starts_no_process_whatsoever(scene: Scene, options: list[str], code: int) -> None:
    listed, release = prepare(scene, Case("ok"))
    command = [sys.executable, "-c", WATCHED, "select", release, *scene.decide(listed), *options]
    assert subprocess.run(command, env=scene.environ, capture_output=True, check=False).returncode == code

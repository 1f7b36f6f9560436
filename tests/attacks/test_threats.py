"""Threats that cross several rooms of the SDK, each played out against the real program or a real child."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from support.approvals import NOW, approve, read_lists, write_list
from support.hostile_wheels import sentinel_provider
from support.providers import MODULE as EXAMPLE
from support.providers import PACKAGE as EXAMPLE_PACKAGE
from support.providers import PLUGIN, make_provider, make_question, plugin_source
from support.scene import LONG_AFTER, MODULE, PACKAGE, Scene
from support.served import http_index
from support.wheels import make_wheel
from variantkit.machine.decision import Settings, ThisMachine
from variantkit.machine.wheels import Offer
from variantkit.runner import ask
from variantkit.variants.metadata import ProviderInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from variantkit.trust.approved import Entry


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.mark.parametrize(
    "requires", [[PACKAGE, "evil"], ["evil", PACKAGE], [PACKAGE, "second-variant-provider"]], ids=str
)
def test_t2_of_a_mixed_list_not_even_the_approved_provider_runs(scene: Scene, requires: Sequence[str]) -> None:
    second = sentinel_provider(scene.providers, "second-variant-provider", "1.0", scene.trace)
    entries = [approve(scene.provider), approve(second)]
    listed = write_list(scene.root / "approved.json", entries, expires=LONG_AFTER)
    release = scene.write_release(requires, "example")
    found = json.loads(scene.run("select", release, "--json", *scene.decide(listed)).out)
    assert found["namespaces"]["example"]["code"] == "requires-unsupported"
    assert found["selected"] == "null"
    assert not scene.trace.exists()


@pytest.mark.parametrize("method", ["os:system", "json", f"{EXAMPLE}.plugin", f"{MODULE}:__builtins__"])
def test_t3_an_endpoint_elsewhere_calls_nothing(scene: Scene, method: str) -> None:
    listed = write_list(scene.root / "approved.json", [approve(scene.provider)], expires=LONG_AFTER)
    release = scene.write_release([PACKAGE], "example", **{"plugin-api": method})
    found = json.loads(scene.run("select", release, "--json", *scene.decide(listed)).out)
    assert found["namespaces"]["example"]["code"] == "plugin-api-mismatch"
    assert not scene.trace.exists()


def test_t4_an_approved_provider_does_not_run_for_a_namespace_of_another(scene: Scene) -> None:
    listed = write_list(scene.root / "approved.json", [approve(scene.provider)], expires=LONG_AFTER)
    release = scene.write_release([PACKAGE], "nvidia")
    found = json.loads(scene.run("select", release, "--json", *scene.decide(listed)).out)
    assert found["namespaces"]["nvidia"]["code"] == "namespace-mismatch"
    assert not scene.trace.exists()


def test_t5_a_higher_version_on_an_index_is_no_candidate(scene: Scene) -> None:
    """A private name registered in public: the index has 9.0 of the approved 1.0, and a page that says so."""
    taken = scene.root / "taken"
    sentinel_provider(scene.wheels, PACKAGE, "9.0", taken)
    listed = write_list(scene.root / "approved.json", [approve(scene.provider)], expires=LONG_AFTER)
    scene.write_release([PACKAGE], "example")
    with http_index(str(scene.wheels)) as index:
        ended = scene.run("select", index.url, "sel", "--json", "--approved", listed)
        fetched = [asked.path for asked in index.got(".whl") if "hostile" in asked.path]
    assert json.loads(ended.out)["selected"] == "hot", ended.err
    assert fetched
    assert not [path for path in fetched if "9.0" in path]
    assert scene.trace.exists()
    assert not taken.exists()


class SwappingSource:
    """A place whose file is exchanged for another the moment that it has been read."""

    def __init__(self, wheel: str, other: bytes) -> None:
        self.wheel, self.other = wheel, other

    def offers(self, entry: Entry) -> Iterator[Offer]:
        yield Offer(os.path.basename(self.wheel), self.wheel, self._read)

    def _read(self) -> bytes:
        with open(self.wheel, "rb") as stream:
            data = stream.read()
        with open(self.wheel, "wb") as stream:
            stream.write(self.other)
        return data


def test_t11_a_file_swapped_once_it_was_read_is_not_what_runs(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "evil").mkdir()
    wheel = make_provider(tmp_path / "good", plugin_source({"level": ["v1"]}))
    evil = make_provider(tmp_path / "evil", f"open({str(tmp_path / 'ran')!r}, 'w').close()\n{PLUGIN}")
    listed = write_list(tmp_path / "approved.json", [approve(wheel)])
    with open(evil, "rb") as stream:
        source = SwappingSource(wheel, stream.read())
    for status in ("present", "denied"):  # once swapped, it is another file than the approved one
        machine = ThisMachine(Settings(lambda: read_lists(listed), (source,), now=NOW, environ={}))
        found = machine.decide({"example": ProviderInfo((EXAMPLE_PACKAGE,))})["example"]
        assert (found.status, found.code) == (status, "" if status == "present" else "hash-mismatch")
        assert [feature.values for feature in found.features] == ([("v1",)] if status == "present" else [])
    assert not (tmp_path / "ran").exists()


def test_t12_what_an_installer_would_run_stays_dead_even_past_the_gate(tmp_path: Path) -> None:
    """The gate refuses such a wheel; a runner that got it all the same installs nothing and starts nothing of it."""
    trace = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"
    smuggled: dict[str, str | bytes] = {
        "evil.pth": f"import os; {trace}",
        "sitecustomize.py": trace,
        "usercustomize.py": trace,
        f"{EXAMPLE}-1.0.data/scripts/evil": f"#!python\n{trace}",
        "_ctypes.so": b"\x7fELF\x02\x01\x01",
    }
    (answer,) = ask([make_question(tmp_path, files=smuggled)], deadline=30.0)
    assert answer.status == "present", answer
    assert not (tmp_path / "ran").exists()


def test_t13_what_stands_first_on_the_path_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that asks for a program by its bare name finds the system's, or none."""
    fake = tmp_path / "fake"
    fake.mkdir()
    for name in ("npu-smi", "rocminfo", "uname"):
        (fake / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (fake / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(fake))
    body = (
        "import subprocess\n"
        "for name in ('npu-smi', 'rocminfo', 'uname'):\n"
        "    try: subprocess.run([name], capture_output=True)\n"
        "    except OSError: pass\n"
    )
    (answer,) = ask([make_question(tmp_path, PLUGIN + body)], deadline=30.0)
    assert answer.status == "present", answer
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("secret", ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PIP_INDEX_URL", "HOME", "SSH_AUTH_SOCK"])
def test_t14_no_secret_of_the_environment_reaches_a_provider(
    secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(secret, "s3cret-canary")
    body = "import os\ndef get_diagnostics():\n    return [('told', repr(dict(os.environ)))]\n"
    (answer,) = ask([make_question(tmp_path, PLUGIN + body)], deadline=30.0)
    assert "told" in dict(answer.diagnostics)
    assert "s3cret-canary" not in dict(answer.diagnostics)["told"]


@pytest.mark.parametrize(
    "supported", [{"level": ["v9"]}, {"level": ["v1", "v9"]}, {"other": ["v1"]}], ids=["value", "one of two", "feature"]
)
def test_t17_what_is_outside_of_all_configs_is_no_answer(tmp_path: Path, supported: dict[str, list[str]]) -> None:
    source = plugin_source(supported, {"level": ["v1", "v2"]})
    (answer,) = ask([make_question(tmp_path, source)], deadline=30.0)
    assert (answer.status, answer.features) == ("undetermined", ())
    assert answer.diagnostics[0][0] == "contract-violated"


def test_t28_an_answer_of_a_million_features_costs_nothing_but_itself(tmp_path: Path) -> None:
    body = "def get_supported_configs():\n    return [Feature('f%d' % i, ['a']) for i in range(10**6)]\n"
    (answer,) = ask([make_question(tmp_path, PLUGIN + body)], deadline=30.0)
    assert (answer.status, answer.features) == ("undetermined", ())


def test_t29_a_document_that_changes_is_judged_anew(scene: Scene) -> None:
    """The same wheels, and a document on the index that suddenly names another provider."""
    listed = write_list(scene.root / "approved.json", [approve(scene.provider)], expires=LONG_AFTER)
    release = scene.write_release([PACKAGE], "example")
    assert scene.run("select", release, *scene.decide(listed)).out == "hot\n"
    scene.trace.unlink()
    with open(release, encoding="utf-8") as stream:
        document = json.load(stream)
    document["providers"]["example"]["requires"] = ["other-variant-provider"]
    with open(release, "w", encoding="utf-8") as stream:
        json.dump(document, stream)
    found = json.loads(scene.run("select", release, "--json", *scene.decide(listed)).out)
    assert (found["selected"], found["namespaces"]["example"]["code"]) == ("null", "not-listed")
    assert not scene.trace.exists()


def test_attack_10_doctor_tells_how_old_every_list_is(scene: Scene) -> None:
    listed = write_list(scene.root / "approved.json", [], id="site", serial=7, issued="2026-01-01", expires=LONG_AFTER)
    checks = json.loads(scene.run("doctor", "--json", *scene.decide(listed)).out)["checks"]
    (detail,) = [check["detail"] for check in checks if check["name"] == "approved list (flag)"]
    assert "site serial 7, " in detail
    assert " days old" in detail


def test_attack_15_nothing_is_fetched_for_what_cannot_be_judged(scene: Scene) -> None:
    listed = write_list(scene.root / "approved.json", [approve(scene.provider)], expires=LONG_AFTER)
    (scene.root / "empty").mkdir()
    make_wheel(scene.wheels, "evil")
    with http_index(str(scene.wheels)) as index:
        wheel = f"{index.url}/{os.path.basename(scene.provider)}"
        for requires in ([f"{PACKAGE} @ {wheel}"], [f"{PACKAGE}[evil]"], [PACKAGE, "evil; python_version < '3'"]):
            scene.write_release(requires, "example")
            scene.run("select", index.url, "sel", "--approved", listed, "--provider-wheels", str(scene.root / "empty"))
        asked = [request.path for request in index.asked if "hostile" in request.path or "evil" in request.path]
    assert asked == []
    assert not scene.trace.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no such users there")
def test_attack_2_under_sudo_the_home_of_another_user_counts_for_nothing(scene: Scene) -> None:
    """HOME stays the invoking user's under sudo; a list below it would approve everything."""
    home = scene.root / "home" / ".config" / "variantkit"
    home.mkdir(parents=True)
    write_list(home / "approved.json", [approve(scene.provider)], expires=LONG_AFTER)
    release = scene.write_release([PACKAGE], "example")
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"):
        place = scene.root / "home" / (".config" if variable != "HOME" else "")
        found = scene.run(
            "select", release, "--json", "--provider-wheels", str(scene.providers), **{variable: str(place)}
        )
        assert json.loads(found.out)["namespaces"]["example"]["code"] == "not-listed", found.err
    assert not scene.trace.exists()

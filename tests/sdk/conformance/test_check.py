"""The whole check of a provider: which machines are made for it, what is told, and the verdict on real providers."""

from __future__ import annotations

import glob
import json
import os
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from support.first_party import PROVIDERS, build_provider
from support.interpreters import BY_VERSION, INTERPRETERS
from support.laboratory import GOOD, clauses, make_subject
from support.providers import MODULE, PLUGIN
from variantkit.conformance import LAWS, Options, Report, check_provider
from variantkit.conformance.interpreters import find_interpreters
from variantkit.conformance.machines import given_machine
from variantkit.conformance.needs import KINDS, merge_paths
from variantkit.conformance.report import as_document, as_junit, summary, text_lines
from variantkit.errors import InputError
from variantkit.trust.needs import Needs

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

ONE = Options(pythons=(sys.executable,), deadline=3.0, start_ratio=0)
FIRST_PARTY = sorted(os.path.basename(os.path.dirname(path)) for path in glob.glob(f"{PROVIDERS}/*/pyproject.toml"))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return check_provider(make_subject(tmp_path_factory.mktemp("good")), ONE)


def broken(tmp_path: Path, source: str) -> Report:
    return check_provider(make_subject(tmp_path, GOOD + source), ONE)


def test_the_machines_are_made_of_what_the_provider_asks_for(good: Report) -> None:
    names = [run.machine.name for run in good.runs]
    assert names[:4] == ["this", "absent", "empty", "words"]
    assert {"hung programs", "hung libraries", "hung driver", "crashing libraries", "no ctypes", "no fork"} <= {*names}
    assert {"denied", "sealed", "huge", "garbage bytes 1", "garbage numbers 2", "driver gone"} <= {*names}
    assert {"/sys/class/example alone", "/usr/bin/example-smi alone", "libexample.so.1 alone"} <= {*names}
    assert {"EXAMPLE_VARIANT_PROVIDER_FORCE_KIND=", "EXAMPLE_VARIANT_PROVIDER_FORCE_KIND=zort"} <= {*names}
    assert len(names) == len(set(names))


def test_an_override_is_tried_with_what_the_provider_itself_lists(good: Report) -> None:
    forced = next(run for run in good.runs if run.machine.name.endswith("FORCE_KIND=zort"))
    assert [feature.values for feature in forced.answer.features] == [("zort",)]


def test_the_needs_name_the_line_that_wanted_each(good: Report) -> None:
    granted = good.needs.granted()
    assert granted.read == ("/sys/class/example", "/sys/class/example/card*/kind")
    assert granted.libraries == ("libexample.so.1",)
    assert granted.programs == ("/usr/bin/example-smi",)
    assert granted.fork
    assert f'  "libexample.so.1",  # {MODULE}/__init__.py:' in good.needs.as_toml()
    table = tomllib.loads("[[providers]]\nfolder = 'x'\n" + good.needs.as_toml())["providers"][0]["needs"]
    assert {
        key: value if key == "fork" else tuple(value) for key, value in table.items()
    }.items() <= granted._asdict().items()


@pytest.mark.parametrize(
    ("paths", "listed", "expected"),
    [
        (["/sys/class/x/card0/a"], ["/sys/class/x"], ["/sys/class/x/card*/a"]),
        (["/sys/class/x/card0/a"], [], ["/sys/class/x/card0/a"]),
        (["/proc/cpuinfo"], ["/proc"], ["/proc/cpuinfo"]),
        ([f"/dev/x{n}" for n in range(4)], [], ["/dev/x*"]),
        ([f"/sys/d/{name}/v" for name in "abcdefgh"], ["/sys/d"], ["/sys/d/*/v"]),
        (["/sys/d/card/v", "/sys/d/card0/v"], ["/sys/d"], ["/sys/d/card*/v"]),
        (["/sys/d/a/v", "/sys/d/b/v"], ["/sys/d"], ["/sys/d/a/v", "/sys/d/b/v"]),
        ([], [], []),
    ],
)
def test_names_found_by_listing_or_counting_become_globs(
    paths: list[str], listed: list[str], expected: list[str]
) -> None:
    merged = merge_paths(paths, listed)
    assert sorted({merged[path] for path in paths}) == expected


@pytest.mark.parametrize("mark", ["'0x10de'", "hex(0x10DE)"])
def test_what_lies_behind_a_vendor_s_mark_is_found(tmp_path: Path, mark: str) -> None:
    source = f"""
import os
def get_supported_configs():
    for name in os.listdir('/sys/bus/pci/devices') if os.path.exists('/sys/bus/pci/devices') else []:
        place = '/sys/bus/pci/devices/' + name
        try:
            if open(place + '/vendor', 'rb').read(9).strip() == {mark}.encode(): open(place + '/device', 'rb').close()
        except OSError:
            pass
    return []
"""
    granted = check_provider(make_subject(tmp_path, PLUGIN + source), ONE).needs.granted()
    assert granted.read == ("/sys/bus/pci/devices", "/sys/bus/pci/devices/*/device", "/sys/bus/pci/devices/*/vendor")


@pytest.mark.parametrize("version", BY_VERSION)
def test_a_fault_on_one_python_alone_is_told_with_its_version(tmp_path: Path, version: str) -> None:
    minor = version.split(".")[1]
    source = f"import sys\nif sys.version_info[1] == {minor}:\n    raise ImportError('not here')\n"
    wheel = make_subject(tmp_path, source + GOOD)
    other = next(path for name, path in BY_VERSION.items() if name != version)
    report = check_provider(wheel, ONE._replace(pythons=(other, BY_VERSION[version])))
    assert clauses(report.findings) - {"slow-start"} == {"raises"}
    places = {finding.machine.rpartition(", ")[2].rpartition(".")[0] for finding in report.findings}
    assert places == {f"Python {version}"}


def test_a_python_that_the_metadata_excludes_is_not_asked(tmp_path: Path) -> None:
    from support.laboratory import METADATA

    wheel = make_subject(tmp_path, PLUGIN, metadata=METADATA.replace(">=3.9", ">=3.99"))
    assert len(check_provider(wheel).pythons) == 1


def test_pythons_are_those_that_the_metadata_admits_one_of_each_version() -> None:
    this = f"{sys.version_info[0]}.{sys.version_info[1]}"
    other = next((version for version in BY_VERSION if version != this), "3.9")
    found = [python.version.rpartition(".")[0] for python in find_interpreters((), f"!={other}.*")]
    assert found[0] == this
    assert len(set(found)) == len(found)
    assert set(BY_VERSION) - {other} <= set(found)
    assert other not in found


@pytest.mark.parametrize("python", ["/nonexistent/python", "ls"])
def test_a_python_that_is_none_is_refused(tmp_path: Path, python: str) -> None:
    with pytest.raises(InputError, match=r"expected a Python 3\.9 or later"):
        check_provider(make_subject(tmp_path), Options(pythons=(python,)))


def test_a_machine_of_the_users_is_asked_too(tmp_path: Path) -> None:
    document = {"files": {"/sys/class/example/card0/kind": "poit\n"}, "variables": {}}
    report = check_provider(make_subject(tmp_path), ONE._replace(machines=(given_machine("mine", document, "mine"),)))
    run = next(run for run in report.runs if run.machine.name == "mine")
    assert [feature.values for feature in run.answer.features] == [("poit",)]
    with pytest.raises(InputError, match="mine: expected tables files, programs and variables, found 'path'"):
        given_machine("mine", {"path": {}}, "mine")


def test_the_report_is_one_object(tmp_path: Path, good: Report) -> None:
    found = json.loads(json.dumps(as_document(good)))
    assert (found["schema"], found["passed"], found["broken"]) == ("variantkit.conformance/1", True, [])
    assert found["machines"][0].items() >= {"name": "this", "python": "", "status": "absent", "code": ""}.items()
    assert found["needs"]["fork"] is True
    report = broken(tmp_path, "def get_all_configs():\n    return [Feature('Kind', list(KINDS))]\n")
    found = json.loads(json.dumps(as_document(report)))
    (law,) = [law for law in found["broken"] if law["clause"] == "bad-name"]
    assert (found["passed"], law["severity"], law["source"]) == (False, "error", 'PEP 825, "Variant properties"')
    assert law["quote"].startswith("The namespace and feature name components MUST")
    assert law["cases"][0]["machines"][:2] == ["this", "absent"]


def test_people_are_told_the_law_its_sentence_the_machine_and_the_fix(tmp_path: Path, good: Report) -> None:
    assert list(text_lines(good)) == [summary(good)]
    assert " conforms" in summary(good)
    lines = list(text_lines(broken(tmp_path, "del get_all_configs\n")))
    law = LAWS["missing-get-all-configs"]
    assert lines[:5] == [
        f"error {law.clause}: {law.statement} [{law.source}]",
        '  "is extended by adding the following REQUIRED function"',
        "  the plugin has no get_all_configs()",
        *lines[3:5],
    ]
    assert lines[-2].startswith("  fix: ")
    assert "breaks 1 law" in lines[-1]


def test_junit_has_a_case_for_each_law_and_stands_any_character(tmp_path: Path, good: Report) -> None:
    suite = ElementTree.fromstring(as_junit(good))[0]
    assert (suite.get("tests"), suite.get("failures")) == (str(len(LAWS)), "0")
    assert {case.get("name") for case in suite} == set(LAWS)
    source = "def get_supported_configs():\n    raise OSError('\\x00\\x1b[31m\\ud800\\uffff\\u202e]]><&\"')\n"
    suite = ElementTree.fromstring(as_junit(broken(tmp_path, source)).encode())[0]
    (failed,) = [case for case in suite if len(case) and case[0].tag == "failure"]
    assert (suite.get("failures"), failed.get("name")) == ("1", "raises")
    assert "]]><&" in str(failed[0].text)


def test_a_second_endpoint_is_asked_too(tmp_path: Path) -> None:
    plugin = f"import {MODULE} as top\nclass Plugin:\n    get_all_configs = staticmethod(top.get_all_configs)\n"
    points = f"[variant_plugins]\na = {MODULE}\nb = {MODULE}.plugin:Plugin\n"
    files: dict[str, str | bytes | None] = {f"{MODULE}/plugin.py": plugin}
    report = check_provider(make_subject(tmp_path, files=files, entry_points=points), ONE)
    told = {finding.clause: finding.machine for finding in report.findings if finding.clause != "slow-start"}
    assert told == {"missing-get-supported-configs": f"absent, {MODULE}.plugin:Plugin"}


REAL = os.environ.get("VARIANTKIT_REAL_WHEELS", "")
needs_real_wheels = pytest.mark.skipif(not REAL, reason="VARIANTKIT_REAL_WHEELS: CI downloads them by hash")

# providers.md, the cross-provider rules and the sections of each: fault -> clause
ASCEND = {
    "get_all_configs returns what was detected": "all-configs-vary",
    "features with empty value lists": "empty-values",
    "prints on failure": "prints",
    "logging.basicConfig at import": "configures-logging",
    "npu-smi by PATH alone": "program-not-absolute",
    "waits twice ten seconds for a tool that hangs": "hangs",
    "an override with a capital is emitted as it is": "bad-value",
    "two cards of one kind are listed twice": "duplicate-value",
    "dynamic in place of all_properties_compatible": "obsolete-attribute",
    "a console script that leads nowhere": "entry-point-broken",
}
X86_64 = {
    "instance methods with an argument": "not-callable-without-arguments",
    "no get_all_configs": "missing-get-all-configs",
    "registers archspec in sys.modules": "edits-modules",
    "imports archspec by its old name": "foreign-import",
    "cannot be imported from the wheel itself": "raises",
    "dependencies in an extra": "requires-dist",
    "ships tests, documentation and repository files": "ships-clutter",
    "dynamic in place of all_properties_compatible": "obsolete-attribute",
}
TWO_CARDS = """\
| npu-smi 23.0   Version: 23.0.rc3 |
| 0     910B3               | OK   |
| 1     910B3               | OK   |
"""


def real_wheel(name: str) -> str:
    (path,) = glob.glob(os.path.join(REAL, f"{name}-*.whl"))
    return path


@needs_real_wheels
def test_the_official_ascend_provider_fails_for_its_known_faults() -> None:
    cards = given_machine("two cards", {"programs": {"npu-smi": TWO_CARDS}}, "two cards")
    report = check_provider(real_wheel("ascend_variant_provider"), ONE._replace(machines=(cards,), deadline=5.0))
    assert not report.passed
    assert set(ASCEND.values()) - clauses(report.findings) == set()


@needs_real_wheels
def test_the_official_x86_64_provider_fails_for_its_known_faults() -> None:
    report = check_provider(real_wheel("provider_variant_x86_64"), ONE)
    assert not report.passed
    assert set(X86_64.values()) - clauses(report.findings) == set()


def bundled_needs(folder: str) -> Needs | None:
    """What the embedded list grants a provider of ours; None for one that does not travel in the SDK."""
    with open(os.path.join(PROVIDERS, "..", "sdk", "bundle.toml"), "rb") as stream:
        entries = tomllib.load(stream)["providers"]
    for entry in entries:
        if entry["folder"] == folder:
            needs = entry.get("needs", {})
            return Needs(**{kind: tuple(needs.get(kind, ())) for kind in KINDS}, fork=needs.get("fork", False))
    return None


@pytest.mark.parametrize("folder", FIRST_PARTY)
def test_a_provider_of_ours_keeps_every_law(folder: str) -> None:
    pythons = dict.fromkeys([sys.executable, INTERPRETERS[0], INTERPRETERS[-1]])
    options = Options(pythons=tuple(pythons), start_ratio=0, declared=bundled_needs(folder))
    report = check_provider(build_provider(folder), options)
    errors = [finding for finding in report.findings if LAWS[finding.clause].severity == "error"]
    assert errors == [], "\n".join(text_lines(report))

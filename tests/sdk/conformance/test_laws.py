"""Every law can be broken: a minimal provider for each, beside one that keeps them all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from support.laboratory import ENTRY_POINTS, GOOD, METADATA, ask_on, clauses, clauses_on, make_subject
from support.providers import MODULE
from variantkit.conformance import GROUPS, LAWS, Options, check_provider
from variantkit.conformance.budget import check_start
from variantkit.conformance.machines import THIS, FakeMachine
from variantkit.conformance.needs import check_declared, check_grantable, parse_needs, propose_needs
from variantkit.conformance.static import check_statically
from variantkit.conformance.subject import read_subject
from variantkit.errors import InputError
from variantkit.provider.clauses import CLAUSES
from variantkit.trust.needs import Needs

if TYPE_CHECKING:
    from pathlib import Path


def supporting(*lines: str) -> str:
    """The source of a get_supported_configs with this body, which finds nothing when it is left."""
    return "".join(["def get_supported_configs():\n", *(f"    {line}\n" for line in (*lines, "return []"))])


def trying(statement: str, *before: str) -> str:
    """The same, with one statement whose failure it expects."""
    return supporting(*before, "try:", f"    {statement}", "except OSError:", "    pass")


# clause -> what is appended to the source, or the arguments of `make_subject`
STATIC: dict[str, str | dict[str, Any]] = {
    "wheel-not-canonical": {"files": {f"{MODULE}/a.pth": "import os"}},
    "not-for-every-python": {"tag": "cp312-cp312-linux_x86_64"},
    "requires-dist": {"metadata": METADATA.replace("\n\n", "\nRequires-Dist: pytest ; extra == 'test'\n\n")},
    "too-large": {"files": {f"{MODULE}/data.txt": random.Random(0).randbytes(1 << 21)}},
    "ships-clutter": {"files": {f"{MODULE}/vendor/docs/conf.rst": ""}},
    "several-top-levels": {"files": {"archspec/__init__.py": ""}},
    "missing-entry-point": {"entry_points": None},
    "entry-point-broken": {"entry_points": ENTRY_POINTS + f"[console_scripts]\nx = {MODULE}:nothing\n"},
    "bad-namespace": "namespace = 'Acme'\n",
    "obsolete-attribute": {
        "files": {f"{MODULE}/plugin.py": f"import {MODULE} as top\nclass Plugin:\n    dynamic = False\n"},
        "entry_points": f"[variant_plugins]\nexample = {MODULE}.plugin:Plugin\n",
    },
    "missing-licence": {"metadata": METADATA.replace("License-File: LICENSE\n", "")},
    "missing-readme": {"metadata": METADATA.partition("\n\n")[0] + "\n\n"},
    "missing-requires-python": {"metadata": METADATA.replace("Requires-Python: >=3.9\n", "")},
    "unreadable-source": "def broken(:\n",
    "foreign-import": "def late():\n    import numpy.linalg\n",
    "network-import": "def late():\n    from urllib.request import urlopen\n",
}
DYNAMIC = {
    "edits-modules": "import sys, types\nsys.modules['archspec'] = types.ModuleType('archspec')\n",
    "import-reads": "open('/proc/cpuinfo').close()\n",
    "import-reads-variables": "import os\nos.environ.get('EXAMPLE_VARIANT_PROVIDER_X')\n",
    "configures-logging": "import logging\nlogging.basicConfig(level=logging.INFO)\n",
    "changes-interpreter": "import sys\nsys.path.insert(0, '/opt/example')\n",
    "missing-get-supported-configs": "del get_supported_configs\n",
    "missing-get-all-configs": "del get_all_configs\n",
    "not-callable-without-arguments": "def get_supported_configs(known_properties): return []\n",
    "not-a-list": "def get_supported_configs(): return ()\n",
    "missing-name": "def get_all_configs(): return [object()]\n",
    "missing-values": "def get_all_configs(): return [object()]\n",
    "missing-multi-value": "def get_all_configs(): return [object()]\n",
    "name-not-text": "def get_all_configs(): return [Feature(1, ['a'])]\n",
    "values-not-a-list": "def get_all_configs(): return [Feature('a', ('b',))]\n",
    "value-not-text": "def get_all_configs(): return [Feature('a', [1])]\n",
    "multi-value-not-bool": "def get_all_configs(): return [Feature('a', ['b'], 1)]\n",
    "bad-name": "def get_all_configs(): return [Feature('A', ['b'])]\n",
    "bad-value": "def get_all_configs(): return [Feature('a', ['910B'])]\n",
    "empty-values": "def get_all_configs(): return [Feature('a', [])]\n",
    "duplicate-feature": "def get_all_configs(): return [Feature('a', ['b'])] * 2\n",
    "duplicate-value": "def get_all_configs(): return [Feature('a', ['b', 'b'])]\n",
    "too-many-features": "def get_all_configs(): return [Feature('a', ['b'])] * 300\n",
    "too-many-values": "def get_all_configs(): return [Feature('a', ['b'] * 5000)]\n",
    "too-long": "def get_all_configs(): return [Feature('a', ['b' * 200])]\n",
    "supported-not-in-all": "def get_supported_configs(): return [Feature('kind', ['troz'])]\n",
    "multi-value-differs": "def get_supported_configs(): return [Feature('kind', ['narf'], True)]\n",
    "all-properties-compatible": "all_properties_compatible = True\n",
    "bad-diagnostics": "def get_diagnostics(): return 'all is well'\n",
    "diagnostics-ignored": "def get_diagnostics(): return ['all is well']\n",
    "raises": "def get_supported_configs(): return open('/sys/class/example/here').read()\n",
    "no-answer": supporting("import os", "os._exit(0)"),
    "answer-too-large": "def get_supported_configs(): return [Feature('a', ['b' * 100] * 4000)] * 4\n",
    "prints": supporting("print('no driver')"),
    "unstable": "KEPT = []\n" + supporting("KEPT.append(1)", "if len(KEPT) == 1: return [Feature('version', ['2'])]"),
    "all-configs-vary": "def get_all_configs():\n    import os\n"
    "    return [Feature('kind', list(KINDS) + ['here'] * os.path.exists('/proc/self'))]\n",
    "uses-network": trying("socket.socket()", "import socket"),
    "writes-files": trying("open('/var/tmp/example.cache', 'w')"),
    "program-not-absolute": trying("subprocess.run(['example-smi'])", "import subprocess"),
    "library-by-path": trying("ctypes.CDLL('/opt/example/libexample.so')", "import ctypes"),
    "variable-never-passed": supporting("import os", "os.getenv('EXAMPLE_HOME')"),
}
# clause -> the source, and the machine that shows it
ON_MACHINES = {
    "crashes": (
        trying("ctypes.CDLL('libexample.so.1')", "import ctypes"),
        FakeMachine("crashing libraries", {"libraries": "crash"}),
    ),
    "hangs": (
        trying("subprocess.run(['/usr/bin/example-smi'])", "import subprocess"),
        FakeMachine("hung programs", {"programs": "hung"}),
    ),
}
ELSEWHERE = {
    "missing-object": "test_an_endpoint_that_leads_nowhere_is_told",
    "plugin-not-in-wheel": "test_an_endpoint_that_leads_nowhere_is_told",
    "need-never-granted": "test_what_no_list_can_grant_is_told",
    "need-not-declared": "test_what_is_not_declared_is_told",
    "slow-start": "test_a_start_over_its_budget_is_told",
    "bad-evidence": "tests/sdk/provider: asked by `provider capture` alone",
}


def test_every_law_has_a_provider_that_breaks_it() -> None:
    assert {*STATIC, *DYNAMIC, *ON_MACHINES, *ELSEWHERE} == set(LAWS)


def test_every_clause_of_an_answer_is_a_law_with_its_own_statement() -> None:
    from variantkit.conformance import laws

    assert set(CLAUSES) <= set(LAWS)
    assert set(CLAUSES) == set(laws._STATEMENTS)
    assert len(LAWS) == sum(map(len, GROUPS.values()))
    assert {law.severity for law in LAWS.values()} == {"error", "warning"}


@pytest.mark.parametrize("clause", STATIC)
def test_a_static_law_can_be_broken(tmp_path: Path, clause: str) -> None:
    spoiled = STATIC[clause]
    arguments = {"source": GOOD + spoiled} if isinstance(spoiled, str) else spoiled
    assert clause in clauses(check_statically(read_subject(make_subject(tmp_path, **arguments))))


@pytest.mark.parametrize(
    ("name", "is_clutter"),
    [
        ("tests/test_it.py", True),
        ("docs/index.rst", True),
        (".github/workflows/ci.yml", True),
        (".gitignore", True),
        ("_vendor/.gitattributes", True),
        ("_vendor/setup.py", True),
        ("conftest.py", True),
        ("contest.py", False),
        ("_vendor/attestation.py", False),
        ("digits.py", False),
    ],
)
def test_what_a_repository_holds_is_clutter(tmp_path: Path, name: str, is_clutter: bool) -> None:
    subject = read_subject(make_subject(tmp_path, files={f"{MODULE}/{name}": ""}))
    assert clauses(check_statically(subject)) == ({"ships-clutter"} if is_clutter else set())


def test_what_only_type_checkers_read_is_no_import(tmp_path: Path) -> None:
    source = GOOD + "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import numpy, socket\n"
    assert clauses(check_statically(read_subject(make_subject(tmp_path, source)))) == set()


def test_a_dependency_in_lower_case_is_one(tmp_path: Path) -> None:
    spoiled = METADATA.replace("Requires-Python: >=3.9\n", "requires-python: >=3.9\nrequires-dist: six\n")
    found = clauses(check_statically(read_subject(make_subject(tmp_path, metadata=spoiled))))
    assert found == {"requires-dist"}


@pytest.mark.parametrize("clause", DYNAMIC)
def test_a_dynamic_law_can_be_broken(tmp_path: Path, clause: str) -> None:
    assert clause in clauses_on(make_subject(tmp_path, GOOD + DYNAMIC[clause]))


@pytest.mark.parametrize(
    "source",
    {
        "read": "open('/proc/cpuinfo').close()\n",
        "exists": "import os\nos.path.exists('/dev/example0')\n",
        "list": "import os\nos.listdir('/sys')\n",
        "link": "import os\ntry: os.readlink('/sys/class/example')\nexcept OSError: pass\n",
        "execute": "import os\nos.access('/usr/bin/example-smi', os.X_OK)\n",
        "program": "import subprocess\ntry: subprocess.run(['/usr/bin/example-smi'])\nexcept OSError: pass\n",
        "library": "import ctypes\ntry: ctypes.CDLL('libexample.so.1')\nexcept OSError: pass\n",
        "fork": "import os\nif not os.fork(): os._exit(0)\nos.wait()\n",
        "thread": "import threading\nthreading.Thread(target=int).start()\n",
        "socket": "import socket\ntry: socket.socket()\nexcept OSError: pass\n",
    }.items(),
    ids=lambda item: item[0],
)
def test_whatever_an_import_asks_of_the_machine_is_told(tmp_path: Path, source: tuple[str, str]) -> None:
    assert "import-reads" in clauses_on(make_subject(tmp_path, GOOD + source[1]))


def test_a_foreign_import_that_no_statement_shows_is_seen_when_it_happens(tmp_path: Path) -> None:
    body = ("import importlib", "try: importlib.import_module('nump' + 'y.linalg')", "except ImportError: pass")
    assert clauses_on(make_subject(tmp_path, GOOD + supporting(*body))) == {"foreign-import"}


@pytest.mark.parametrize("clause", ON_MACHINES)
def test_a_law_can_be_broken_on_a_machine(tmp_path: Path, clause: str) -> None:
    source, machine = ON_MACHINES[clause]
    assert clauses_on(make_subject(tmp_path, GOOD + source), machine, deadline=2.0) == {clause}


@pytest.mark.parametrize(
    ("endpoint", "clause"), [(f"{MODULE}:Nothing", "missing-object"), (f"{MODULE}.absent", "plugin-not-in-wheel")]
)
def test_an_endpoint_that_leads_nowhere_is_told(tmp_path: Path, endpoint: str, clause: str) -> None:
    wheel = make_subject(tmp_path, entry_points=f"[variant_plugins]\nexample = {endpoint}\n")
    assert clauses_on(wheel) == {clause}
    assert "entry-point-broken" in clauses(check_statically(read_subject(wheel)))


def test_what_no_list_can_grant_is_told(tmp_path: Path) -> None:
    source = supporting("import glob", "glob.glob('/home/*/.example')")
    (finding,) = check_grantable(propose_needs(ask_on(make_subject(tmp_path, GOOD + source), THIS)))
    assert finding.clause == "need-never-granted"
    assert finding.message.startswith("read /home: a whole top-level directory")
    assert finding.place.startswith(f"{MODULE}/__init__.py:")


@pytest.mark.parametrize(
    ("declared", "missing"),
    [
        (Needs(), {"read", "libraries", "programs", "fork"}),
        (Needs(("/sys/class/*",), (), ("libexample.so.1",), ("/usr/bin/example-smi",), fork=True), set()),
        (
            Needs(("/sys/class/example/card0",), (), ("libexample.so.1",), ("/usr/bin/example-smi",), fork=True),
            {"read"},
        ),
    ],
)
def test_what_is_not_declared_is_told(tmp_path: Path, declared: Needs, missing: set[str]) -> None:
    words = FakeMachine("words", {"files": "present", "content": "words", "programs": "present", "libraries": "absent"})
    proposal = propose_needs(ask_on(make_subject(tmp_path), words))
    found = list(check_declared(proposal, declared))
    assert {finding.message.partition(" ")[0] for finding in found} == missing
    assert clauses(found) <= {"need-not-declared"}


def test_what_is_proposed_covers_what_was_asked_for(tmp_path: Path) -> None:
    words = FakeMachine("words", {"files": "present", "content": "words", "programs": "present", "libraries": "absent"})
    proposal = propose_needs(ask_on(make_subject(tmp_path), words))
    assert list(check_declared(proposal, parse_needs(proposal.as_toml().encode(), "proposed"))) == []


@pytest.mark.parametrize(
    "text", ["needs = 3", "read = '/x'", "[providers.needs]\nfork = 1", "write = []", "read = [", "\0"]
)
def test_needs_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^mine\.toml: "):
        parse_needs(text.encode(), "mine.toml")


def test_a_start_over_its_budget_is_told() -> None:
    assert clauses(check_start(3.2, 3.0)) == {"slow-start"}
    assert clauses(check_start(2.8, 3.0)) == clauses(check_start(None, 3.0)) == set()


def test_a_provider_that_keeps_every_law_breaks_none(tmp_path: Path) -> None:
    report = check_provider(make_subject(tmp_path), Options(deadline=3.0))
    assert [finding for finding in report.findings if finding.clause != "slow-start"] == []
    assert report.passed

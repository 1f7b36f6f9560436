"""A change is data alone only when it is literals, names nothing outside, and everything else is the same bytes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.first_party import build_provider
from support.table_wheels import PACKAGE, PLUGIN, TABLES, acme_wheel, tables_of
from support.wheels import make_wheel
from variantkit.provider.project import choose_names, render_project
from variantkit_allowlist.inspection import compare_wheels
from variantkit_allowlist.inspection.change import as_document
from variantkit_allowlist.inspection.parts import difference
from variantkit_allowlist.inspection.source import read_module
from variantkit_allowlist.inspection.tables import literal_problems

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit_allowlist.inspection import Change


Files: TypeAlias = "dict[str, str | bytes | None]"


def compare(old: str, new: str, grows: tuple[str, ...] | None = ()) -> Change:
    contents = []
    for path in (old, new):
        with open(path, "rb") as stream:
            contents.append(stream.read())
    return compare_wheels(contents[0], contents[1], os.path.basename(old), os.path.basename(new), grows=grows)


def change_of_tables(tmp_path: Path, before: str, after: str) -> Change:
    """The change when `before` in the tables of 1.0 becomes `after` in 1.1."""
    assert TABLES.count(before) >= 1
    return compare(
        acme_wheel(tmp_path, "1.0"), acme_wheel(tmp_path, "1.1", tables=tables_of("1.1").replace(before, after))
    )


DATA = [
    ('("g2", "g1")', '("g3", "g2", "g1")'),
    ('"0x10": "g1"}', '"0x10": "g1", "0x30": "g2"}'),
    ("LIMIT = -3", "LIMIT = 400"),
    ("# Newest first.", "# Newest first; see the guide of 2026."),
    ('"""What is known."""', '"""What is known today."""'),
    ('"""Said to people."""', '"""Said to those who ask."""'),
    ('("no device answers",)', '("no device answers", "the device is busy")'),
    ('GENERATIONS = ("g2", "g1")', 'GENERATIONS = (\n    "g3",\n    "g2",\n    "g1",\n)'),
]


@pytest.mark.parametrize(("before", "after"), DATA, ids=[after[:40] for _, after in DATA])
def test_a_change_of_literals_is_data(before: str, after: str, tmp_path: Path) -> None:
    change = change_of_tables(tmp_path, before, after)
    assert change.reasons == ()
    assert change.data_only
    assert [part.path for part in change.tables] == [f"{PACKAGE}/_tables.py"]
    assert change.gained == change.lost == ()


VALUE = 'GENERATIONS = ("g2", "g1")'
TRICKS = {
    "a call that imports": (VALUE, "GENERATIONS = __import__('os').listdir('.')"),
    "a call": (VALUE, 'GENERATIONS = tuple("ab")'),
    "exec": (VALUE, VALUE + "\nexec('x')"),
    "a decorator": (VALUE, VALUE + "\n@print\nclass A: ..."),
    "a function": (VALUE, VALUE + "\ndef f(): ..."),
    "a default that is evaluated": (VALUE, VALUE + "\ndef f(x=print(1)): ..."),
    "a class": (VALUE, VALUE + "\nclass A:\n    x = 1"),
    "an f-string": (VALUE, 'GENERATIONS = (f"{1}", "g1")'),
    "an f-string alone": (VALUE, VALUE + '\nf"{print(1)}"'),
    "a walrus": (VALUE, "GENERATIONS = (x := 1,)"),
    "a comprehension": (VALUE, "GENERATIONS = [x for x in ()]"),
    "a generator": (VALUE, "GENERATIONS = (x for x in ())"),
    "a lambda": (VALUE, "GENERATIONS = lambda: 1"),
    "an annotation with a call": ("WORDS: tuple[str, ...]", "WORDS: print(1)"),
    "another annotation": ("WORDS: tuple[str, ...]", "WORDS: list"),
    "an annotation alone": (VALUE, VALUE + "\nx: print(1)"),
    "no future annotations": ("from __future__ import annotations\n", ""),
    "a star in a value": (VALUE, 'GENERATIONS = (*"ab",)'),
    "a star in a dictionary": (VALUE, "GENERATIONS = {**{}}"),
    "a star as target": (VALUE, 'GENERATIONS, *x = "ab"'),
    "several targets": (VALUE, 'GENERATIONS, x = "ab", "c"'),
    "an attribute as target": (VALUE, VALUE + "\nGENERATIONS.x = 1"),
    "an item as target": (VALUE, VALUE + "\nCHIPS['x'] = 1"),
    "an item of something": (VALUE, "GENERATIONS = 'ab'[0]"),
    "an attribute": (VALUE, "GENERATIONS = 'ab'.join"),
    "another name": (VALUE, "GENERATIONS = CHIPS"),
    "a built-in name": (VALUE, "GENERATIONS = print"),
    "a concatenation of texts": (VALUE, 'GENERATIONS = "/b" + "in"'),
    "a repetition": (VALUE, 'GENERATIONS = "a" * 9'),
    "a formatted text": (VALUE, 'GENERATIONS = "%s" % 1'),
    "a shift": (VALUE, "GENERATIONS = 1 << 99"),
    "a complex number": (VALUE, "GENERATIONS = 1 + 2j"),
    "a condition in a value": (VALUE, "GENERATIONS = 1 if 2 else 3"),
    "a comparison": (VALUE, "GENERATIONS = 1 < 2"),
    "an added assignment": (VALUE, VALUE + '\nGENERATIONS += ("x",)'),
    "a condition": (VALUE, VALUE + "\nif 1:\n    x = 1"),
    "a loop": (VALUE, VALUE + "\nfor x in (): pass"),
    "a with block": (VALUE, VALUE + "\nwith x: pass"),
    "a try block": (VALUE, VALUE + "\ntry:\n    x = 1\nfinally:\n    pass"),
    "a deletion": (VALUE, VALUE + "\ndel CHIPS"),
    "a global": (VALUE, VALUE + "\nglobal x"),
    "an assertion": (VALUE, VALUE + "\nassert print(1)"),
    "an import": (VALUE, VALUE + "\nimport os"),
    "an import from here": (VALUE, VALUE + "\nfrom . import x"),
    "another future": (VALUE, VALUE + "\nfrom __future__ import division"),
    "an await": (VALUE, VALUE + "\nasync def f(): ..."),
    "__getattr__": (VALUE, VALUE + "\n__getattr__ = 'x'"),
    "__all__": (VALUE, VALUE + '\n__all__ = ("CHIPS",)'),
    "__path__": (VALUE, VALUE + '\n__path__ = ["x"]'),
    "__class__": (VALUE, VALUE + "\n__class__ = 1"),
    "another __version__": ('__version__ = "1.1"', '__version__ = "9"'),
    "a new name": (VALUE, VALUE + '\nEXTRA = ("x",)'),
    "a name that a star import would take over": (VALUE, VALUE + "\nopen = 1"),
    "a name less": ("LIMIT = -3\n", ""),
    "a name bound twice": (VALUE, VALUE + '\nGENERATIONS = ("g1",)'),
    "another kind of value": (VALUE, 'GENERATIONS = ["g2", "g1"]'),
    "one value for two names": (VALUE, "GENERATIONS = TOOLS = ['g2']"),
    "a key twice": ('{"0x20": "g2", "0x10": "g1"}', '{"0x20": "g3", "0x10": "g1", "0x20": "g2"}'),
    "a huge number": ("LIMIT = -3", "LIMIT = 0x" + "f" * 4000),
    "an infinite number": ("LIMIT = -3", "LIMIT = 1e999"),
    "bytes": ("LIMIT = -3", "LIMIT = b'x'"),
    "an ellipsis": ("LIMIT = -3", "LIMIT = ..."),
    "a path": ('("g2", "g1")', '("g2", "/bin")'),
    "a path in pieces": ('("g2", "g1")', '("g2", "b/in")'),
    "a path side by side": ('("g2", "g1")', '("g2", "/" "bin")'),
    "a path on Windows": ('("g2", "g1")', r'("g2", "C:\\x")'),
    "a path by its number": ('("g2", "g1")', r'("g2", "\x2fbin")'),
    "another directory": ('"/sys/class/acme"', '"/sys/class/acme2"'),
    "one more directory": ('("/sys/class/acme",)', '("/sys/class/acme", "x")'),
    "another library": ('"libacme.so.1"', '"libacme.so.2"'),
    "a library without its number": ('"libacme.so.1"', '"libevil"'),
    "a library in a table": ('("g2", "g1")', '("g2", "libevil.so")'),
    "a library on Windows": ('("g2", "g1")', '("g2", "EVIL.DLL")'),
    "a library on macOS": ('("g2", "g1")', '("g2", "evil.dylib")'),
    "another program": ('["acme-smi"]', '["acme-smi", "x"]'),
    "a shell": ('("g2", "g1")', '("g2", "sh")'),
    "an interpreter": ('("g2", "g1")', '("g2", "python3")'),
    "a script": ('("g2", "g1")', '("g2", "run.bat")'),
    "a tool": ('("g2", "g1")', '("g2", "curl")'),
    "a variable of the environment": ('("g2", "g1")', '("g2", "LD_PRELOAD")'),
    "a template": ('("g2", "g1")', '("g2", "{0.x}")'),
    "a format": ('("g2", "g1")', '("g2", "%s")'),
    "a command": ('("g2", "g1")', '("g2", "x; y")'),
    "a module": ('("g2", "g1")', '("g2", "os")'),
    "a module's function": ('("g2", "g1")', '("g2", "os.system")'),
    "a hidden attribute": ('("g2", "g1")', '("g2", "__class__")'),
    "a long text": ('("g2", "g1")', '("g2", "' + "QUFB" * 60 + '")'),
    "a line end in a text": ('("g2", "g1")', r'("g2", "a\nb")'),
    "a direction in a text": ('("g2", "g1")', r'("g2", "a\u202eb")'),
    "a surrogate in a text": ('("g2", "g1")', r'("g2", "\ud800")'),
    "a homoglyph as name": ("LIMIT = -3", "LIM\u0406T = -3"),
    "a full-width name": ("LIMIT = -3", "\uff2cIMIT = -3"),
    "a coding line": ('"""What is known."""', '# coding: latin-1\n"""What is known."""'),
    "a fragment": (VALUE, "GENERATIONS ="),
    "something deep": (VALUE, "GENERATIONS = " + "(" * 100 + ")" * 100),
}


@pytest.mark.parametrize(("before", "after"), TRICKS.values(), ids=TRICKS)
def test_attack_38_each_trick_in_a_table_is_reviewed_whole(before: str, after: str, tmp_path: Path) -> None:
    tables = tables_of("1.1")
    assert before in tables
    new = acme_wheel(tmp_path, "1.1", tables=tables.replace(before, after, 1))
    change = compare(acme_wheel(tmp_path, "1.0"), new)
    assert not change.data_only
    assert any("_tables.py" in reason for reason in change.reasons)


def test_attack_38_a_type_comment_is_a_comment(tmp_path: Path) -> None:
    change = change_of_tables(tmp_path, "LIMIT = -3", "LIMIT = -3  # type: __import__('os')")
    assert change.data_only


INFO = f"{PACKAGE}-1.1.dist-info"
OTHERS: dict[str, Files] = {
    "other code": {f"{PACKAGE}/__init__.py": PLUGIN.replace('"1.0"', '"1.1"') + "\nimport os\n"},
    "a comment in code": {f"{PACKAGE}/__init__.py": PLUGIN.replace('"1.0"', '"1.1"') + "# x\n"},
    "a version in code that is not the wheel's": {f"{PACKAGE}/__init__.py": PLUGIN.replace('"1.0"', '"1.2"')},
    "an annotated version in a table": {
        f"{PACKAGE}/_tables.py": tables_of("1.1").replace('__version__ = "1.1"', '__version__: str = "1.1"')
    },
    "a version in code that is computed": {f"{PACKAGE}/__init__.py": PLUGIN.replace('"1.0"', '"1" + ".1"')},
    "a module more": {f"{PACKAGE}/new.py": "X = 1\n"},
    "a table more": {f"{PACKAGE}/_more_tables.py": "X = 1\n"},
    "a module less": {f"{PACKAGE}/__init__.py": None},
    "a file more": {f"{PACKAGE}/data.txt": "x"},
    "other entry points": {f"{INFO}/entry_points.txt": f"[variant_plugins]\nacme = {PACKAGE}:x\n"},
    "a bill of materials more": {f"{INFO}/sboms/x.json": "{}"},
    "a licence more": {f"{INFO}/licenses/LICENSE": "x"},
}


@pytest.mark.parametrize("files", OTHERS.values(), ids=OTHERS)
def test_attack_38_whatever_else_changes_is_reviewed_whole(files: Files, tmp_path: Path) -> None:
    change = compare(acme_wheel(tmp_path, "1.0"), acme_wheel(tmp_path, "1.1", files=files))
    assert not change.data_only
    assert change.reasons


READS = {
    "a program": "import subprocess\nsubprocess.run([NAMES[0]])\n",
    "a program in a loop": "import os\nfor name in NAMES:\n    os.execv(name, [name])\n",
    "a program by a function": "def start(machine, name):\n    machine.program('x', name)\nstart(1, NAMES[0])\n",
    "a library": "import ctypes\nctypes.CDLL(f'lib{NAMES[0]}')\n",
    "a file": "with open('/sys/' + NAMES[0]) as stream:\n    pass\n",
    "an import": "import importlib\nimportlib.import_module(NAMES[0])\n",
    "an attribute": "getattr(NAMES, NAMES[0])\n",
}


@pytest.mark.parametrize("code", READS.values(), ids=READS)
def test_attack_38_a_text_that_leads_outwards_is_no_data_whatever_it_looks_like(code: str, tmp_path: Path) -> None:
    old, new = (tables_of(version) + 'NAMES = ("acmetool",)\n' for version in ("1.0", "1.1"))
    reader: Files = {f"{PACKAGE}/reader.py": f"from ._tables import NAMES\n\n{code}"}
    before = acme_wheel(tmp_path, "1.0", tables=old, files=reader)
    same = acme_wheel(tmp_path / "same", "1.1", tables=new, files=reader)
    other = acme_wheel(tmp_path / "other", "1.1", tables=new.replace("acmetool", "another"), files=reader)
    assert compare(before, same).data_only
    assert any("NAMES leads to a file, a program or a library" in reason for reason in compare(before, other).reasons)


def test_a_wheel_for_other_machines_is_reviewed_whole(tmp_path: Path) -> None:
    old, new = acme_wheel(tmp_path, "1.0"), acme_wheel(tmp_path, "1.1")
    renamed = new.replace("py3-none-any", "cp311-none-any")
    os.rename(new, renamed)
    assert any("more than the version" in reason for reason in compare(old, renamed).reasons)


@pytest.mark.parametrize(
    "metadata",
    [{"requires": ["requests"]}, {"requires_python": ">=3.99"}, {"tag": "py2.py3-none-any"}],
    ids=["requirement", "python", "tag"],
)
def test_metadata_may_change_by_its_version_alone(metadata: dict[str, object], tmp_path: Path) -> None:
    files = {f"{PACKAGE}/_tables.py": "X = 1\n"}
    old = make_wheel(tmp_path, "acme-variant-provider", "1.0", files=files)
    new = make_wheel(tmp_path, "acme-variant-provider", "1.1", files=files, **metadata)  # type: ignore[arg-type]
    change = compare(old, new)
    assert not change.data_only
    assert any("the version changed" in reason or "the file changed" in reason for reason in change.reasons)


@pytest.mark.parametrize(
    ("old", "new"), [("1.1", "1.0"), ("1.0.0", "1.0"), ("1.0", "1.0")], ids=["earlier", "equal", "the same"]
)
def test_a_version_that_is_no_later_one_is_reviewed_whole(old: str, new: str, tmp_path: Path) -> None:
    tables = tables_of(new).replace('"g1")', '"g1", "g0")')
    change = compare(acme_wheel(tmp_path / "a", old), acme_wheel(tmp_path / "b", new, tables=tables))
    assert any("no later one" in reason for reason in change.reasons)


def test_code_that_can_run_data_keeps_every_change_from_the_fast_lane(tmp_path: Path) -> None:
    for power in ("exec(GENERATIONS[0])", "import pickle", "__import__(GENERATIONS[0])"):
        files: Files = {f"{PACKAGE}/run.py": f"from ._tables import GENERATIONS\n{power}\n"}
        old = acme_wheel(tmp_path, "1.0", files=files)
        new = acme_wheel(tmp_path, "1.1", files=files, tables=tables_of("1.1").replace('"g1")', '"g1", "g0")'))
        assert any("data may become code" in reason for reason in compare(old, new).reasons)


@pytest.mark.parametrize(
    "code",
    [
        "from . import _tables\nX = _tables.__doc__\n",
        "from ._tables import __doc__ as X\n",
        "from . import _tables\nX = getattr(_tables, '__doc__')\n",
        "import inspect\nfrom . import _tables\nX = inspect.getsource(_tables)\n",
    ],
    ids=["an attribute", "an import", "a name", "the source"],
)
def test_attack_38_a_docstring_that_code_reads_is_data(code: str, tmp_path: Path) -> None:
    files: Files = {f"{PACKAGE}/run.py": code}
    new = acme_wheel(tmp_path, "1.1", files=files, tables=tables_of("1.1").replace("What is known", "rm x"))
    change = compare(acme_wheel(tmp_path, "1.0", files=files), new)
    assert any("docstring may become data" in reason for reason in change.reasons)


def test_attack_38_numbers_that_spell_a_name_as_bytes_lead_outwards_too(tmp_path: Path) -> None:
    files: Files = {f"{PACKAGE}/run.py": "from ._tables import CODES\nopen(bytes(CODES))\n"}
    old, new = (tables_of(version) + f"CODES = {codes}\n" for version, codes in (("1.0", (97, 98)), ("1.1", (97, 99))))
    change = compare(
        acme_wheel(tmp_path, "1.0", files=files, tables=old), acme_wheel(tmp_path, "1.1", files=files, tables=new)
    )
    assert any("CODES leads to a file" in reason for reason in change.reasons)


def test_without_asking_both_it_stays_undetermined(tmp_path: Path) -> None:
    old, new = acme_wheel(tmp_path, "1.0"), acme_wheel(tmp_path, "1.1")
    change = compare(old, new, grows=None)
    assert not change.data_only
    assert "diff --run" in change.undetermined
    assert as_document(change)["data_only"] == "undetermined"
    refused = compare(old, new, grows=("generation: get_all_configs no longer lists g1",))
    assert (refused.data_only, refused.undetermined) == (False, "")
    assert refused.reasons == ("generation: get_all_configs no longer lists g1",)


def test_the_same_bytes_are_identical(tmp_path: Path) -> None:
    wheel = acme_wheel(tmp_path, "1.0")
    change = compare(wheel, wheel, grows=None)
    assert change.identical
    assert change.data_only


def test_code_tables_and_metadata_are_told_apart_and_powers_first(tmp_path: Path) -> None:
    plugin = PLUGIN.replace('"1.0"', '"1.1"') + "import os\nos.system('/bin/acme')\n"
    files: Files = {f"{PACKAGE}/__init__.py": plugin, f"{PACKAGE}/x.txt": "\x1b[2J\n"}
    change = compare(acme_wheel(tmp_path, "1.0"), acme_wheel(tmp_path, "1.1", files=files))
    document = as_document(change)
    assert {(item.kind, item.detail) for item in change.gained} == {
        ("processes", "os.system"),
        ("path", "/bin/acme"),
        ("program", "/bin/acme"),
    }
    assert [part.path for part in change.code] == [f"{PACKAGE}/__init__.py"]
    assert [part.state for part in change.data] == ["added"]
    assert "+os.system('/bin/acme')" in change.code[0].lines
    assert "\x1b" not in json.dumps(document, ensure_ascii=False)
    assert {part.path.rpartition("/")[2] for part in change.metadata} == {"METADATA", "RECORD"}


def bill(version: str, vendored: str = "1") -> bytes:
    reference = f"pkg:pypi/acme-variant-provider@{version}"
    component = {"bom-ref": reference, "purl": reference, "version": version, "name": "acme-variant-provider"}
    inner = {"type": "library", "name": "thing", "version": vendored, "bom-ref": f"thing@{vendored}"}
    document = {
        "bomFormat": "CycloneDX",
        "metadata": {"component": component},
        "components": [inner],
        "dependencies": [{"ref": reference, "dependsOn": [inner["bom-ref"]]}],
    }
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("second", "data_only"),
    [(bill("1.1"), True), (bill("1.2"), False), (bill("1.1", "2"), False), (b"{", False)],
    ids=["its version", "not its version", "another vendored version", "broken"],
)
def test_a_bill_of_materials_may_change_by_the_version_alone(second: bytes, data_only: bool, tmp_path: Path) -> None:
    name = f"{PACKAGE}-%s.dist-info/sboms/x.cdx.json"
    old = acme_wheel(tmp_path, "1.0", files={name % "1.0": bill("1.0")})
    new = acme_wheel(tmp_path, "1.1", files={name % "1.1": second})
    assert compare(old, new).data_only is data_only


def test_a_first_party_provider_with_a_new_value_in_its_table_is_data(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    import zipfile

    from support.wheels import record_line, write_zip

    path = build_provider("openmp")
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}
    changed = {
        name.replace("-0.1.0.dist-info", "-0.2.0.dist-info"): data.replace(b"\nVersion: 0.1.0\n", b"\nVersion: 0.2.0\n")
        for name, data in files.items()
    }
    tables = "openmp_variant_provider/_tables.py"
    changed[tables] = changed[tables].replace(b'LIBRARIES = ("gnu",', b'LIBRARIES = ("gnu", "fresh",')
    record = "openmp_variant_provider-0.2.0.dist-info/RECORD"
    changed[record] = ("".join(record_line(*item) for item in changed.items()) + f"{record},,\n").encode()
    new = write_zip(str(tmp_path / "openmp_variant_provider-0.2.0-py3-none-any.whl"), changed)
    change = compare(path, new)
    assert change.reasons == ()
    assert [part.path for part in change.tables] == ["openmp_variant_provider/_tables.py"]


def test_the_template_of_a_provider_keeps_its_tables_literal() -> None:
    files = render_project(choose_names("zeta"))
    module = read_module("_tables.py", files["src/zeta_variant_provider/_tables.py"])
    assert module.tree is not None
    assert literal_problems(module.tree) == []


@settings(max_examples=200)
@given(st.lists(st.sampled_from("ab"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_a_difference_has_the_line_numbers_of_the_whole_and_every_changed_line(old: list[str], new: list[str]) -> None:
    _, lines = difference("\n".join(old).encode(), "\n".join(new).encode(), "x", 1000)
    assert applied(old, lines) == new


def applied(old: list[str], lines: tuple[str, ...]) -> list[str]:
    """What becomes of `old` when a unified difference is applied, by the numbers of its hunks."""
    made: list[str] = []
    at = 0
    for line in lines[2:]:
        if line.startswith("@@"):
            start, _, length = line.split()[1][1:].partition(",")
            begin = int(start) - (0 if length == "0" else 1)
            made += old[at:begin]
            at = begin
            continue
        if line[0] != "+":
            assert old[at] == line[1:]
            at += 1
        if line[0] != "-":
            made.append(line[1:])
    return made + old[at:]

"""The main job, as a user types it: label, index, select, install with pip and with uv, all in real processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.interpreters import BY_VERSION
from support.uv import UV
from support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
[variant.default-priorities]
namespace = ["absent", "extra", "site"]

[variant.providers.site]
static-properties = {level = ["v3", "v2"], vendor = ["a"]}
feature-order = ["level", "vendor"]

[variant.providers.extra]
static-properties = {fast = ["on"]}
optional = true

[variant.providers.absent]
requires = ["absent-provider"]

[variant.variants.v3]
site.level = ["v3"]

[variant.variants.v2]
site.level = ["v2"]

[variant.variants.fast]
extra.fast = ["on"]

[variant.variants.gpu]
absent.kind = ["g1"]

[variant.variants.null]
"""
PLAIN = "job-1.0-py3-none-any.whl"
STATIC = 'schema = "variantkit.static/1"\n\n[[namespaces.absent]]\nfeature = "kind"\nvalues = ["g1"]\n'
INSTALLERS = ("pip", "uv")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Desk:
    """A user's directory with a project, its plain wheel, and caches and settings of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not re.match("PIP_|UV_|VARIANTKIT_", name)}
        self.environ = kept | {
            "HOME": str(root / "home"),
            "XDG_CONFIG_HOME": str(root / "home"),
            "PATH": os.path.dirname(UV) + os.pathsep + os.environ["PATH"],
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_CACHE_DIR": str(root / "pip-cache"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_NO_CONFIG": "1",
            "UV_CACHE_DIR": str(root / "uv-cache"),
        }

    def run(self, *words: str, **environ: str) -> Ended:
        command = [sys.executable, "-m", "variantkit", *words]
        done = subprocess.run(
            command, cwd=self.root, env=self.environ | environ, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def install(self, installer: str, *words: str, target: str = "", **environ: str) -> tuple[Ended, str]:
        """Install `job` from the wheelhouse; what the module in the target says it is, "" when it is not there."""
        place = self.root / (target or f"target{len(os.listdir(self.root))}")
        named = ("--installer", installer, "--python", sys.executable, "--target", str(place))
        ended = self.run("install", *named, "--index-url", "wheelhouse", *words, "job", **environ)
        module = place / "job" / "__init__.py"
        found = sorted(place.glob("job-*.dist-info/variant.json")) if module.exists() else []
        return ended, next(iter(json.loads(found[0].read_text())["variants"])) if found else ""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Published with the commands that docs/publish.md names."""
    desk = Desk(tmp_path_factory.mktemp("job"))
    (desk.root / "pyproject.toml").write_text(PROJECT)
    (desk.root / "dist").mkdir()
    (desk.root / "static.toml").write_text(STATIC)
    (desk.root / "static.toml").chmod(0o600)
    plain = make_wheel(desk.root / "dist", "job")
    assert desk.run("wheel", "label", plain, "--all", "-o", "wheelhouse").code == 0
    os.link(plain, desk.root / "wheelhouse" / PLAIN)
    assert desk.run("index", "wheelhouse").out.startswith("wheelhouse: 1 project(s), 6 wheel(s), 1 variants.json; ")
    return desk


def test_select_and_both_installers_choose_the_same_label_and_say_so_in_one_line(desk: Desk) -> None:
    assert desk.run("select", "wheelhouse", "job").out == "v3\n"
    assert desk.run("select", "wheelhouse/job-1.0-variants.json").out == "v3\n"
    lines = set()
    for installer in INSTALLERS:
        ended, installed = desk.install(installer)
        assert (ended.code, installed) == (0, "v3"), ended.err
        lines.add(ended.out)
    (line,) = lines
    assert line.startswith("job 1.0: took v3 — best of 3 compatible builds; ")
    assert line.count("\n") == 1


# What docs/installer-authors.md says of the object: key -> type.
INSTALL_KEYS = {"schema": str, "installer": str, "exit": int, "installed": list}
INSTALLED_KEYS = {"project": str, "version": str, "label": str, "why": str, "rejected": list, "namespaces": dict}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_json_has_the_documented_schema_and_is_alone_on_stdout(desk: Desk, installer: str) -> None:
    ended, _ = desk.install(installer, "--json")
    found: dict[str, Any] = json.loads(ended.out)
    assert {key: type(value) for key, value in found.items()} == INSTALL_KEYS
    assert (found["schema"], found["installer"], found["exit"]) == ("variantkit.install/1", installer, 0)
    (one,) = found["installed"]
    assert {key: type(value) for key, value in one.items()} == INSTALLED_KEYS
    assert (one["project"], one["version"], one["label"]) == ("job", "1.0", "v3")
    assert one["rejected"][0] == {
        "label": "fast",
        "reason": "unsupported-property",
        "property": "extra :: fast :: on",
    }
    assert one["namespaces"]["absent"]["status"] == "denied"
    assert one["namespaces"]["site"] == {"status": "static", "source": "author"}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_failed_installation_is_an_object_too(desk: Desk, installer: str) -> None:
    ended, installed = desk.install(installer, "--json", "--variant", "job=gpu")
    assert (ended.code, installed) == (1, "")
    found = json.loads(ended.out)
    assert found == {"schema": "variantkit.install/1", "installed": [], "installer": installer, "exit": 1}


@pytest.mark.parametrize("installer", INSTALLERS)
@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("gpu", "absent-provider is in no approved list in force"),
        ("fast", "extra"),
        ("nonesuch", "nonesuch"),
    ],
)
def test_a_label_that_cannot_work_is_refused_with_the_reason(
    desk: Desk, installer: str, label: str, reason: str
) -> None:
    ended, installed = desk.install(installer, "--variant", f"job={label}")
    assert (ended.code, ended.out, installed) == (1, "", "")
    (line,) = [line for line in ended.err.splitlines() if line.startswith("variantkit: ")]
    assert label in line
    assert reason in line


OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "variant": (("--variant", "job=v2"), {}, "v2"),
    "prefer": (("--prefer", "site :: level :: v2"), {}, "v2"),
    "enable": (("--enable", "extra"), {}, "fast"),
    "disable": (("--disable", "site"), {}, "null"),
    "static-of-the-author-beats-override": (("--override", "site :: level :: v2"), {}, "v3"),
    "static": (("--static", "static.toml"), {}, "gpu"),
    "static-by-variable": ((), {"VARIANTKIT_STATIC": "static.toml"}, "gpu"),
    "no-exec": (("--no-exec",), {}, "v3"),
    "no-exec-by-variable": ((), {"VARIANTKIT_NO_EXEC": "1"}, "v3"),
    "no-exec-static": (("--no-exec", "--static", "static.toml"), {}, "gpu"),
}


@pytest.mark.parametrize("installer", INSTALLERS)
@pytest.mark.parametrize(("words", "environ", "label"), OPTIONS.values(), ids=list(OPTIONS))
def test_options_choose(
    desk: Desk, installer: str, words: tuple[str, ...], environ: dict[str, str], label: str
) -> None:
    ended, installed = desk.install(installer, *words, **environ)
    assert (ended.code, installed) == (0, label), ended.err
    assert f"job 1.0: took {label} — " in ended.out


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_second_installation_says_honestly_that_it_changed_nothing(desk: Desk, installer: str) -> None:
    environment = desk.root / f"env-{installer}"
    subprocess.run([UV, "venv", "-q", "--offline", "-p", sys.executable, environment], check=True, env=desk.environ)
    words = ("install", "--installer", installer, "--python", str(environment), "--index-url", "wheelhouse")
    first = desk.run(*words, "--prefer", "site :: level :: v2", "job")
    assert first.out.startswith("job 1.0: took v2 — "), first.err
    assert desk.run(*words, "--prefer", "site :: level :: v2", "job").out == "job 1.0: already installed: v2\n"
    second = desk.run(*words, "job")
    assert second.code == 0
    said = re.fullmatch("job 1.0: already installed: v2; the best here is v3: run this again with '(.*)'\n", second.out)
    assert said is not None, second.out
    assert desk.run(*words, "job", *said[1].split()).out.startswith("job 1.0: took v3 — ")


@pytest.mark.parametrize("version", list(BY_VERSION))
def test_every_interpreter_here_gets_it_by_the_pip_that_it_came_with(desk: Desk, version: str) -> None:
    # pip 22.3 to 23.1, which Python 3.9 to 3.11 bundle, read pages and metadata otherwise than later ones.
    environment = desk.root / f"env-{version}"
    made = subprocess.run([BY_VERSION[version], "-m", "venv", environment], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"Python {version} cannot make environments here")
    words = ("install", "--installer", "pip", "--python", str(environment), "--index-url", "wheelhouse", "job")
    ended = desk.run(*words)
    assert (ended.code, ended.out[:18]) == (0, "job 1.0: took v3 —"), ended.err
    selected = desk.run("select", "--python", str(environment), "wheelhouse", "job")
    assert (selected.code, selected.out) == (0, "v3\n")

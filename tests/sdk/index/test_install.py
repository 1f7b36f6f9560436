"""Installation by real uv and real pip: the right build, from the right place, with no secret left behind."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.interpreters import INTERPRETERS
from support.served import PASSWORD, HttpIndex, ToldMachine, http_index, write_release
from support.uv import UV
from support.wheels import make_wheel
from variantkit.errors import InputError
from variantkit.index.install.installation import InstallRequest, find_environment, run_install
from variantkit.index.install.installers import find_installer
from variantkit.index.install.requirements import read_requirements, require_safe_arguments
from variantkit.machine.supported import NamespaceSupport
from variantkit.machine.target import find_pip_version, query_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from variantkit.machine.supported import Machine

LIST_STATE = NamespaceSupport("denied", code="list-expired", detail="it ended in 2029", list_state=True)
UNLISTED = NamespaceSupport("denied", code="not-listed", detail="site-provider is not on the list")
DEAD_PROXY = "http://127.0.0.1:9"


class Way(NamedTuple):
    """An installer, and the interpreter it installs for."""

    installer: str
    python: str


OTHERS = [
    path for path in INTERPRETERS[:1] + INTERPRETERS[-1:] if os.path.realpath(path) != os.path.realpath(sys.executable)
]
WAYS = [Way("uv", sys.executable), Way("pip", sys.executable)]
MANY_WAYS = [*WAYS, *(Way("pip", path) for path in dict.fromkeys(OTHERS))]


def way_id(way: Way) -> str:
    return way.installer if way.python == sys.executable else f"{way.installer} of {Path(way.python).parts[-3]}"


both = pytest.mark.parametrize("way", WAYS, ids=way_id)
every_way = pytest.mark.parametrize("way", MANY_WAYS, ids=way_id)


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Desk:
    """A user's desk: an empty home, caches of its own, and as many target directories as installations."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheels = str(root / "wheels")
        self.targets: list[Path] = []
        kept = {
            name: value
            for name, value in os.environ.items()
            if not re.match(r"(PIP|UV|VIRTUAL|CONDA)_|.*_proxy$", name, re.I)
        }
        self.environ = kept | {
            "HOME": str(root / "home"),
            "XDG_CONFIG_HOME": str(root / "home"),
            "XDG_CONFIG_DIRS": str(root / "home"),
            "PATH": os.pathsep.join([str(Path(UV).parent), os.environ.get("PATH", "")]),
            "PIP_CACHE_DIR": str(root / "pip-cache"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_RETRIES": "0",
            "UV_CACHE_DIR": str(root / "uv-cache"),
            "UV_PYTHON_DOWNLOADS": "never",
        }

    def install(
        self, way: Way, index: str | None, *words: str, machine: Machine | None = None, **fields: object
    ) -> Ended:
        """Run `install` into a new directory; words after `--` are the installer's."""
        cut = words.index("--") if "--" in words else len(words)
        if "python" not in fields:
            self.targets.append(self.root / f"target{len(self.targets)}")
            fields |= {"target": str(self.targets[-1]), "python": way.python}
        request = InstallRequest(words[:cut], words[cut + 1 :], way.installer, index, **fields)  # type: ignore[arg-type]
        out, err = io.StringIO(), io.StringIO()
        code = run_install(request, machine or ToldMachine("v3", "v2"), out, err, self.environ)
        return Ended(code, out.getvalue(), err.getvalue())

    def label(self, module: str = "sel") -> str:
        """What the module of the last installation says it is; "nothing" when it is not there."""
        path = self.targets[-1] / module / "__init__.py"
        return path.read_text().partition("=")[2].strip().strip("'") if path.exists() else "nothing"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    (tmp_path / "home").mkdir()
    (tmp_path / "wheels").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return Desk(tmp_path)


@pytest.fixture
def index(desk: Desk) -> Iterator[HttpIndex]:
    write_release(desk.wheels)
    make_wheel(desk.wheels, "dep")
    with http_index(desk.wheels) as running:
        yield running


def digest(desk: Desk, label: str | None) -> str:
    name = "sel-1.0-py3-none-any" + (f"-{label}" if label else "") + ".whl"
    return hashlib.sha256(Path(desk.wheels, name).read_bytes()).hexdigest()


@every_way
def test_the_best_build_is_taken_and_one_line_says_so(desk: Desk, index: HttpIndex, way: Way) -> None:
    ended = desk.install(way, index.url, "sel")
    assert ended.code == 0, ended.err
    assert desk.label() == "v3"
    (line,) = ended.out.splitlines()
    assert line.startswith("sel 1.0: took v3")


@every_way
@pytest.mark.parametrize("label", ["v3", "v2", None])
def test_a_hash_pin_takes_exactly_the_pinned_build(desk: Desk, index: HttpIndex, way: Way, label: str | None) -> None:
    pins = desk.root / "pins.txt"
    pins.write_text(f"sel==1.0 --hash=sha256:{digest(desk, label)}\n")
    ended = desk.install(way, index.url, "--", "--require-hashes", "-r", str(pins))
    assert ended.code == 0, ended.err
    assert desk.label() == str(label)


@every_way
def test_a_denied_namespace_falls_back_to_the_plain_build_and_says_why(desk: Desk, index: HttpIndex, way: Way) -> None:
    ended = desk.install(way, index.url, "sel", machine=ToldMachine(answer=UNLISTED))
    assert ended.code == 0, ended.err
    assert desk.label() == "None"
    assert "took the plain build" in ended.out
    assert "not-listed" in ended.out


@pytest.mark.parametrize(
    ("way", "variable"),
    [(WAYS[0], "UV_FIND_LINKS"), (WAYS[1], "PIP_FIND_LINKS"), (WAYS[1], "PIP_EXTRA_INDEX_URL")],
    ids=["uv find-links", "pip find-links", "pip extra index"],
)
def test_a_plain_wheel_elsewhere_does_not_win(desk: Desk, index: HttpIndex, way: Way, variable: str) -> None:
    elsewhere = desk.root / "elsewhere"
    elsewhere.mkdir()
    make_wheel(elsewhere, "sel")
    with http_index(str(elsewhere)) as extra:
        desk.environ[variable] = extra.url if "URL" in variable else str(elsewhere)
        ended = desk.install(way, index.url, "sel")
    assert ended.code == 0, ended.err
    assert desk.label() == "v3"


@both
def test_variants_in_a_find_links_directory_are_seen(desk: Desk, index: HttpIndex, way: Way) -> None:
    elsewhere = desk.root / "elsewhere"
    write_release(str(elsewhere), "local", plain=False)
    desk.environ[f"{way.installer.upper()}_FIND_LINKS"] = str(elsewhere)
    ended = desk.install(way, index.url, "sel", "local")
    assert ended.code == 0, ended.err
    assert (desk.label(), desk.label("local")) == ("v3", "v3")


def test_uv_takes_a_project_from_the_first_index_that_has_it(desk: Desk, index: HttpIndex) -> None:
    first = desk.root / "first"
    first.mkdir()
    make_wheel(first, "sel", "0.5")
    make_wheel(first, "mine")
    with http_index(str(first)) as extra:
        desk.environ["UV_INDEX"] = extra.url
        ended = desk.install(WAYS[0], index.url, "sel", "mine", "dep")
    assert ended.code == 0, ended.err
    assert (desk.targets[-1] / "sel-0.5.dist-info").is_dir()  # a later index takes no project over
    assert (desk.label("mine"), desk.label("dep")) == ("None", "None")


def test_a_first_index_that_forbids_a_project_lets_no_later_one_take_it_over_with_uv(
    desk: Desk, index: HttpIndex
) -> None:
    first = desk.root / "first"
    first.mkdir()
    make_wheel(first, "sel", "0.5")
    with http_index(str(first)) as private:
        private.forbidding.add("sel")
        desk.environ["UV_INDEX"] = private.url
        ended = desk.install(WAYS[0], index.url, "sel")
    assert (ended.code, desk.label()) == (3, "nothing")
    assert "wants a login (status 403)" in ended.err


def test_an_index_that_forbids_what_it_has_not_does_not_end_an_installation_with_pip(
    desk: Desk, index: HttpIndex
) -> None:
    (desk.root / "more").mkdir()
    with http_index(str(desk.root / "more")) as storage:
        storage.forbidding.add("sel")
        desk.environ["PIP_EXTRA_INDEX_URL"] = storage.url
        ended = desk.install(WAYS[1], index.url, "sel")
    assert (ended.code, desk.label()) == (0, "v3"), ended.err


def test_uv_takes_variants_from_an_extra_index(desk: Desk, index: HttpIndex) -> None:
    write_release(str(desk.root / "more"), "extra")
    with http_index(str(desk.root / "more")) as extra:
        desk.environ["UV_INDEX"] = extra.url
        ended = desk.install(WAYS[0], index.url, "sel", "extra")
    assert ended.code == 0, ended.err
    assert (desk.label("sel"), desk.label("extra")) == ("v3", "v3")


def test_pip_reaches_indexes_of_its_configuration_file_through_the_view(desk: Desk, index: HttpIndex) -> None:
    more = desk.root / "more"
    write_release(str(more), "extra")
    config = desk.root / "pip.conf"
    with http_index(str(more)) as extra:
        config.write_text(f"[global]\nextra-index-url = {extra.url}\n")
        desk.environ["PIP_CONFIG_FILE"] = str(config)
        ended = desk.install(WAYS[1], index.url, "sel", "extra")
        assert ended.code == 0, ended.err
        assert (desk.label("sel"), desk.label("extra")) == ("v3", "v3")
        assert desk.install(WAYS[1], extra.url, "extra").code == 0
        assert not extra.got("/", agent="pip")


@both
def test_one_cache_never_confuses_builds_and_downloads_each_once(desk: Desk, index: HttpIndex, way: Way) -> None:
    desk.environ["PIP_TRUSTED_HOST"] = index.origin.removeprefix("http://")  # else pip caches nothing of plain http
    asked = []
    for best in ("v3", "v2", "v3", "v2"):
        ended = desk.install(way, index.url, "sel", machine=ToldMachine(best))
        assert ended.code == 0, ended.err
        assert desk.label() == best
        asked.append(len(index.got(".whl", agent=way.installer)))
    assert 0 < asked[0] < asked[1] == asked[2] == asked[3]


@both
def test_private_wheels_are_downloaded_once(desk: Desk, way: Way) -> None:
    write_release(desk.wheels, requires=["dep"])
    make_wheel(desk.wheels, "dep")
    asked = []
    with http_index(desk.wheels, private=True) as index:
        desk.environ["UV_DEFAULT_INDEX"] = desk.environ["PIP_INDEX_URL"] = index.url
        for _ in range(2):
            ended = desk.install(way, None, "sel")
            assert ended.code == 0, ended.err
            asked.append(
                len(index.got("/dep-1.0-py3-none-any.whl", agent=way.installer if way.installer == "uv" else ""))
            )
    assert asked[0] == asked[1] > 0


@both
def test_a_wheel_that_was_rebuilt_in_a_directory_is_not_taken_from_a_cache(desk: Desk, way: Way) -> None:
    write_release(desk.wheels)
    for text in ("one", "two"):
        make_wheel(desk.wheels, "dep", files={"dep/__init__.py": f"TEXT = {text!r}\n"})
        ended = desk.install(way, desk.wheels, "sel", "dep")
        assert ended.code == 0, ended.err
        assert desk.label("dep") == text


def test_uv_gets_projects_without_variants_from_its_own_index(desk: Desk, index: HttpIndex) -> None:
    desk.environ["UV_DEFAULT_INDEX"] = index.url
    ended = desk.install(WAYS[0], None, "sel", "dep")
    assert ended.code == 0, ended.err
    assert (desk.label(), desk.label("dep")) == ("v3", "None")
    assert index.got("/simple/dep/", agent="uv")
    assert not index.got("/simple/sel/", agent="uv")
    assert ended.out.count("\n") == 1


def test_pip_gets_plain_files_at_their_own_address(desk: Desk, index: HttpIndex) -> None:
    desk.environ["PIP_INDEX_URL"] = index.url
    ended = desk.install(WAYS[1], None, "sel", "dep")
    assert ended.code == 0, ended.err
    assert not index.got("/simple/dep/", agent="pip")
    assert index.got("/files/dep-1.0-py3-none-any.whl", agent="pip")


@both
def test_an_index_that_fails_ends_the_installation(desk: Desk, index: HttpIndex, way: Way) -> None:
    fallback = desk.root / "fallback"
    fallback.mkdir()
    make_wheel(fallback, "sel")
    desk.environ[f"{way.installer.upper()}_FIND_LINKS"] = str(fallback)
    index.failing.add("sel")
    ended = desk.install(way, index.url, "sel")
    assert ended.code == 3
    assert desk.label() == "nothing"
    assert re.search(r"^variantkit: .*500", ended.err, re.M)


@both
def test_attack_11_a_list_that_cannot_decide_ends_the_installation(desk: Desk, index: HttpIndex, way: Way) -> None:
    ended = desk.install(way, index.url, "sel", machine=ToldMachine(answer=LIST_STATE))
    assert (ended.code, desk.label()) == (3, "nothing")
    assert "--accept-fallback" in ended.err
    accepted = desk.install(way, index.url, "sel", machine=ToldMachine(answer=LIST_STATE), accept_fallback=True)
    assert (accepted.code, desk.label()) == (0, "None")
    assert "list-expired" in accepted.out


@both
def test_one_label_on_request_or_a_refusal(desk: Desk, index: HttpIndex, way: Way) -> None:
    assert desk.install(way, index.url, "sel", variants={"sel": "v2"}).code == 0
    assert desk.label() == "v2"
    refused = desk.install(way, index.url, "sel", variants={"sel": "v9"})
    assert (refused.code, desk.label()) == (1, "nothing")
    assert "v9" in refused.err


def command_lines() -> str:
    """The arguments of every process that we may look at, as `ps` would show them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it ended meanwhile
    return "\n".join(found)


@both
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_no_secret_is_shown_in_arguments_or_output_or_left_in_a_file(desk: Desk, way: Way) -> None:
    write_release(desk.wheels, requires=["dep"])
    make_wheel(desk.wheels, "dep")
    seen: list[str] = []
    with http_index(desk.wheels, private=True) as index:
        index.on_request = lambda: seen.append(command_lines())
        desk.environ["UV_DEFAULT_INDEX"] = desk.environ["PIP_INDEX_URL"] = index.url
        ended = desk.install(way, None, "sel", "--", "-v")
        wheel_requests = index.got("-v3.whl")
    assert ended.code == 0, ended.err
    assert (desk.label(), desk.label("dep")) == ("v3", "None")
    assert wheel_requests
    assert all(asked.authorized and not asked.agent.startswith(way.installer) for asked in wheel_requests)
    secret = re.compile(rf"{PASSWORD}|variantkit:[A-Za-z0-9_-]{{20,}}@")
    assert any(" install " in text for text in seen)
    assert not [text for text in seen if secret.search(text)]
    assert not secret.search(ended.out + ended.err)
    assert [path for path in files_below(desk.root) if secret.search(path.read_bytes().decode("latin-1"))] == []
    left = [*files_below(desk.targets[-1]), *files_below(desk.root / "home")]
    assert [path for path in left if b"127.0.0.1" in path.read_bytes()] == []


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@both
def test_a_proxy_does_not_get_the_loopback_requests(desk: Desk, way: Way) -> None:
    write_release(desk.wheels)
    (desk.root / "pip.conf").write_text(f"[global]\nproxy = {DEAD_PROXY}\n")
    desk.environ["PIP_CONFIG_FILE"] = str(desk.root / "pip.conf")
    desk.environ |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "PIP_PROXY"), DEAD_PROXY)
    ended = desk.install(way, desk.wheels, "sel")
    assert ended.code == 0, ended.err
    assert desk.label() == "v3"


@both
def test_a_directory_is_an_index_and_needs_no_network(desk: Desk, way: Way) -> None:
    write_release(desk.wheels, requires=["dep"])
    make_wheel(desk.wheels, "dep")
    ended = desk.install(way, desk.wheels, "sel", offline=True)
    assert ended.code == 0, ended.err
    assert (desk.label(), desk.label("dep")) == ("v3", "None")


@both
def test_offline_refuses_an_index_on_the_network(desk: Desk, index: HttpIndex, way: Way) -> None:
    with pytest.raises(InputError, match=r"--offline.*--index-url DIRECTORY"):
        desk.install(way, index.url, "sel", offline=True)


@both
def test_json_says_what_was_installed_and_why(desk: Desk, index: HttpIndex, way: Way) -> None:
    ended = desk.install(way, index.url, "sel", "dep", machine=ToldMachine("v2"), json=True)
    document = json.loads(ended.out)
    why = document["installed"][0].pop("why")
    assert why.startswith("sel 1.0: took v2")
    assert document == {
        "schema": "variantkit.install/1",
        "installed": [
            {
                "project": "sel",
                "version": "1.0",
                "label": "v2",
                "rejected": [{"label": "v3", "reason": "unsupported-property", "property": "site :: level :: v3"}],
                "namespaces": {"site": {"status": "static", "source": "static-file"}},
            }
        ],
        "installer": way.installer,
        "exit": 0,
    }


@both
def test_a_failing_installer_is_exit_1(desk: Desk, index: HttpIndex, way: Way) -> None:
    ended = desk.install(way, index.url, "sel==7.0")
    assert (ended.code, ended.out) == (1, "")


@both
def test_t26_no_exec_builds_nothing(desk: Desk, index: HttpIndex, way: Way) -> None:
    Path(desk.wheels, "built-1.0.tar.gz").write_bytes(b"not even an archive")
    ended = desk.install(way, index.url, "built", no_exec=True)
    assert ended.code == 1
    assert not index.got("/files/built-1.0.tar.gz")


@pytest.fixture
def venv(desk: Desk) -> Path:
    """An environment without pip."""
    path = desk.root / "venv"
    command = [UV, "venv", "--quiet", "--offline", "--python", sys.executable, str(path)]
    subprocess.run(command, env=desk.environ, check=True)
    return path


@pytest.fixture
def hostile_source(desk: Desk) -> Path:
    """A directory whose build leaves a trace."""
    path = desk.root / "source"
    path.mkdir()
    (path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "source"\nversion = "1"\n'
    )
    (path / "backend.py").write_text(f"open({str(desk.root / 'trace')!r}, 'a').close()\n")
    return path


@both
@pytest.mark.parametrize(
    "form",
    [
        pytest.param("{0}", id="requirement"),
        pytest.param("source @ {1}", id="URL"),
        pytest.param("-- {0}", id="argument"),
        pytest.param("-- -e {0}", id="editable"),
        pytest.param("-- -qe {0}", id="editable-behind-a-switch"),
        pytest.param("-- -qr editable.txt", id="editable-in-a-file-behind-a-switch"),
        pytest.param("-- --editable={0}", id="editable-equals"),
        pytest.param("-- --edit={0}", id="editable-abbreviated"),
        pytest.param("-- -r lines.txt", id="requirements-file"),
        pytest.param("-- -r editable.txt", id="editable-in-a-file"),
        pytest.param("url-dep", id="dependency-of-a-wheel"),
    ],
)
def test_t26_no_exec_runs_nothing_of_a_source_however_it_is_named(
    desk: Desk, index: HttpIndex, hostile_source: Path, way: Way, form: str
) -> None:
    Path("lines.txt").write_text(f"--no-binary :all:\n{hostile_source}\n")
    Path("editable.txt").write_text(f"-e {hostile_source}\n")
    make_wheel(desk.wheels, "url-dep", requires=[f"source @ {hostile_source.as_uri()}"])
    words = (
        [form.format(hostile_source, hostile_source.as_uri())] if " @ " in form else form.format(hostile_source).split()
    )
    with contextlib.suppress(InputError):  # some are refused before the installer is started
        assert desk.install(way, index.url, *words, no_exec=True).code == 1
    assert not (desk.root / "trace").exists()


def test_no_exec_installs_wheels_with_another_environments_pip(desk: Desk, index: HttpIndex, venv: Path) -> None:
    ended = desk.install(WAYS[1], index.url, "sel", no_exec=True, python=str(venv))
    assert ended.code == 0, ended.err
    assert ended.out.startswith("sel 1.0: took v3")


@both
def test_without_no_exec_the_source_would_be_built(
    desk: Desk, index: HttpIndex, hostile_source: Path, way: Way
) -> None:
    desk.install(way, index.url, str(hostile_source))
    assert (desk.root / "trace").exists()


@both
def test_no_exec_still_installs_wheels(desk: Desk, index: HttpIndex, way: Way) -> None:
    assert desk.install(way, index.url, "sel", no_exec=True).code == 0
    assert desk.label() == "v3"


@both
def test_a_label_for_a_project_that_was_not_looked_at_is_told(desk: Desk, index: HttpIndex, way: Way) -> None:
    ended = desk.install(way, index.url, "sel", variants={"Sell": "v2"})
    assert (ended.code, desk.label()) == (0, "v3")
    assert "--variant sell: no such project" in ended.err


def test_a_requirement_is_never_read_as_an_option(desk: Desk) -> None:
    with pytest.raises(InputError, match="found an option"):
        desk.install(WAYS[1], None, "--index-url=http://127.0.0.1:9/simple sel")


@both
def test_an_installed_build_is_kept_and_one_line_says_what_would_be_better(
    desk: Desk, index: HttpIndex, venv: Path, way: Way
) -> None:
    first = desk.install(way, index.url, "sel", machine=ToldMachine("v2"), python=str(venv))
    assert first.code == 0, first.err
    assert first.out.startswith("sel 1.0: took v2")
    flag = {"uv": "--reinstall", "pip": "--force-reinstall"}[way.installer]
    for words in (["sel"], ["sel", "dep", "--", "--upgrade"]):
        second = desk.install(way, index.url, *words, python=str(venv))
        assert second.code == 0, second.err
        assert second.out == f"sel 1.0: already installed: v2; the best here is v3: run this again with '-- {flag}'\n"
    third = desk.install(way, index.url, "sel", "--", flag, python=str(venv))
    assert third.out.startswith("sel 1.0: took v3"), third.err


def test_the_active_environment_is_the_target_and_the_tools_own_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    request = InstallRequest(("sel",))
    with pytest.raises(InputError, match="variantkit install --python"):
        find_environment(request, {})
    assert find_environment(request, {"CONDA_PREFIX": "/conda"}) == "/conda"
    assert find_environment(request, {"VIRTUAL_ENV": "/venv", "CONDA_PREFIX": "/conda"}) == "/venv"
    assert find_environment(request._replace(python="/named"), {"VIRTUAL_ENV": "/venv"}) == "/named"
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    assert find_environment(request, {}) == ".venv"


def test_the_installer_is_the_users_own(venv: Path, desk: Desk) -> None:
    target = query_target(str(venv))
    assert find_installer("auto", target, desk.environ).name == "uv"
    own = find_installer("pip", target, desk.environ)
    assert own.command == (sys.executable, "-m", "pip", "--python", target.python, "install")
    assert find_pip_version(sys.path) is not None
    with_pip = target._replace(pip_version="23.0")
    assert find_installer("pip", with_pip, desk.environ).command == (target.python, "-m", "pip", "install")


@pytest.mark.parametrize(
    ("own", "version", "accepted"),
    [("22.2", "3.9.18", False), ("23.0.1", "3.11.7", True), ("23.0.1", "3.12.1", False), ("23.2", "3.13.0", True)],
)
def test_a_pip_beside_us_is_used_only_where_it_runs_under_the_target(
    tmp_path: Path, venv: Path, monkeypatch: pytest.MonkeyPatch, own: str, version: str, accepted: bool
) -> None:
    (tmp_path / f"pip-{own}.dist-info").mkdir()
    target = query_target(str(venv))._replace(version=version)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    if accepted:
        assert "--python" in find_installer("pip", target, {}).command
    else:
        with pytest.raises(InputError, match="-m ensurepip"):
            find_installer("pip", target, {})


def test_a_shim_and_an_old_uv_are_passed_over(desk: Desk, venv: Path, tmp_path: Path) -> None:
    target = query_target(str(venv))._replace(pip_version="23.0")
    for number, script in enumerate(("exit 127", "echo uv 0.4.30")):
        folder = tmp_path / f"bin{number}"
        folder.mkdir()
        (folder / "uv").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "uv").chmod(0o755)
        found = find_installer("auto", target, {"PATH": f"{folder}{os.pathsep}/bin"})
        assert not found.command[0].startswith(str(folder))


def test_no_installer_at_all_is_an_error_with_the_fix(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = query_target(str(venv))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "executable", str(venv / "bin" / "python"))
    with pytest.raises(InputError, match="-m ensurepip"):
        find_installer("auto", target, {"PATH": str(venv)})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--index-url", "https://i.example"],
        ["--index-url=https://i.example"],
        ["-i", "https://i.example"],
        ["-ihttps://i.example"],
        ["--extra-index-url=https://i.example"],
        ["--extra-index", "https://i.example"],
        ["--default-index=https://i.example"],
        ["--index=x=https://i.example"],
        ["--no-index"],
        ["--report", "-"],
        ["--repo=x.json"],
        ["--proxy", "http://p.example"],
        ["--isolated"],
        ["--target=x"],
        ["-tx"],
        ["-qi", "https://i.example"],
        ["-vUihttps://i.example"],
    ],
    ids=" ".join,
)
def test_arguments_that_would_pass_the_view_over_are_refused(arguments: list[str]) -> None:
    with pytest.raises(InputError, match=re.escape(f"-- {arguments[0][:2]}")):
        require_safe_arguments(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-r", "x.txt"],
        ["--require-hashes"],
        ["-c", "c.txt"],
        ["--no-deps", "-v", "-U"],
        ["--only-binary", ":all:"],
        ["--pre"],
    ],
    ids=" ".join,
)
def test_other_arguments_pass(arguments: list[str]) -> None:
    require_safe_arguments(arguments)


def test_requirements_files_say_what_decides(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("--extra-index-url https://${HOST}/simple  # ours\nc<3 ; python_version > '3'\n")
    (tmp_path / "r.txt").write_text("a==1.0 \\\n  --hash=sha256:00\n-r more.txt\n# note\nb\n")
    stated = read_requirements(["b>=1", "b<2"], ["-r", str(tmp_path / "r.txt")], {"HOST": "i.example"})
    assert stated == (("https://i.example/simple",), {"b": ">=1,<2", "a": "==1.0"}, True, ("b", "a"))
    assert read_requirements(["b"], [], {}) == ((), {}, False, ("b",))


@pytest.mark.parametrize("line", ["--index-url https://i.example", "-i https://i.example", "--no-index"])
def test_a_requirements_file_that_chooses_the_index_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "r.txt").write_text(f"sel\n{line}\n")
    with pytest.raises(InputError, match=r"r\.txt, line 2: .*--index-url"):
        read_requirements([], [f"--requirement={tmp_path}/r.txt"], {})

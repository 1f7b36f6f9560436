"""A wheel rebuilt from its source: bit for bit the same or not, and nothing runs that was not asked for."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.attested_wheels import verify
from support.curation import make_list_directory
from support.private_sigstore import PrivateSigstore
from variantkit.errors import InputError, UndeterminedError
from variantkit_allowlist import provenance
from variantkit_allowlist.provenance import parse_source, rebuild
from variantkit_allowlist.verdict import Provenance

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

BACKEND = """
import os, time, zipfile
NAME = "acme_variant_provider-2.0"
def build_wheel(out, settings=None, metadata=None):
    when = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
    filename = f"{NAME}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(out, filename), "w") as wheel:
        for name, text in (
            ("acme_variant_provider/__init__.py", open("source.py").read()),
            (f"{NAME}.dist-info/METADATA", "Metadata-Version: 2.1\\nName: acme-variant-provider\\nVersion: 2.0\\n"),
            (f"{NAME}.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"),
            (f"{NAME}.dist-info/RECORD", ""),
        ):
            info = zipfile.ZipInfo(name, when)
            info.external_attr = 0o100644 << 16
            wheel.writestr(info, text)
    return filename
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
FILENAME = "acme_variant_provider-2.0-py3-none-any.whl"
WHEN = "2026-11-01T12:00:00Z"


class Repository(NamedTuple):
    path: str
    commit: str

    def source(self, more: str = "") -> str:
        return f"{self.path}@{self.commit}{more}"


def git(path: str, *arguments: str) -> str:
    people = {f"GIT_{role}_{what}": "x@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    dates = {"GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN}
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **people, **dates}
    done = subprocess.run(["git", "-C", path, *arguments], check=True, capture_output=True, text=True, env=environ)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A project whose backend lies in it, so that a build needs no index; the same in the folder `inner`."""
    path = tmp_path / "repository"
    for folder in (path, path / "inner"):
        folder.mkdir()
        (folder / "pyproject.toml").write_text(PROJECT)
        (folder / "backend.py").write_text(BACKEND)
        (folder / "source.py").write_text(f"WHERE = {folder.name!r}\n")
    git(str(path), "init", "--quiet", "--initial-branch", "main")
    git(str(path), "add", ".")
    git(str(path), "commit", "--quiet", "-m", "first")
    return Repository(str(path), git(str(path), "rev-parse", "HEAD"))


def built(folder: str, out: Path) -> bytes:
    """What the project's own publisher builds."""
    out.mkdir()
    code = "import sys; sys.path.insert(0, '.'); import backend; backend.build_wheel(sys.argv[1])"
    environ = {**os.environ, "SOURCE_DATE_EPOCH": "1793534400"}
    subprocess.run(["python3", "-c", code, str(out)], check=True, cwd=folder, env=environ)
    return (out / FILENAME).read_bytes()


def test_the_same_bytes_are_evidence(repository: Repository, tmp_path: Path) -> None:
    data = built(repository.path, tmp_path / "out")
    found = rebuild(repository.source(), FILENAME, hashlib.sha256(data).hexdigest())
    assert (found.verified, found.code, found.evidence) == (True, "ok", "rebuild"), found
    assert (found.identity.repository, found.identity.commit) == (repository.path, repository.commit)


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not on the PATH")
def test_uv_builds_the_same_bytes_where_there_is_no_pip(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Environments that uv makes have none."""
    data = built(repository.path, tmp_path / "out")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = rebuild(repository.source(), FILENAME, hashlib.sha256(data).hexdigest())
    assert (found.verified, found.code) == (True, "ok"), found


def test_a_folder_of_the_repository_can_be_named(repository: Repository, tmp_path: Path) -> None:
    data = built(os.path.join(repository.path, "inner"), tmp_path / "out")
    digest = hashlib.sha256(data).hexdigest()
    assert rebuild(repository.source("#subdirectory=inner"), FILENAME, digest).code == "ok"
    assert rebuild(repository.source(), FILENAME, digest).code == "rebuild-differs"


def test_another_name_is_not_the_same_wheel(repository: Repository) -> None:
    found = rebuild(repository.source(), "acme_variant_provider-3.0-py3-none-any.whl", "ab" * 32)
    assert (found.verified, found.code) == (False, "rebuild-differs")
    assert FILENAME in found.detail


def test_a_commit_that_is_in_no_branch_or_tag_is_refused(repository: Repository) -> None:
    """A host gives out, under a repository's name, what somebody pushed to a fork of it."""
    tree = git(repository.path, "rev-parse", "HEAD^{tree}")
    orphan = git(repository.path, "commit-tree", tree, "-m", "a fork's")
    with pytest.raises((InputError, UndeterminedError), match="commit"):
        rebuild(repository._replace(commit=orphan).source(), FILENAME, "ab" * 32)


def test_hooks_and_settings_of_a_repository_do_not_run(repository: Repository, tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    hooks = os.path.join(repository.path, ".git", "hooks")
    for name in ("post-checkout", "post-update", "pre-receive"):
        path = os.path.join(hooks, name)
        with open(path, "w") as stream:
            stream.write(f"#!/bin/sh\ntouch {sentinel}\n")
        os.chmod(path, 0o755)
    template = tmp_path / "template"
    shutil.copytree(hooks, template / "hooks", dirs_exist_ok=True)
    environ = {**os.environ, "GIT_TEMPLATE_DIR": str(template), "GIT_SSH_COMMAND": f"touch {sentinel}"}
    assert rebuild(repository.source(), FILENAME, "ab" * 32, environ).code == "rebuild-differs"
    assert not sentinel.exists()


def test_a_folder_that_leads_out_of_the_repository_is_refused(repository: Repository, tmp_path: Path) -> None:
    os.symlink(tmp_path, os.path.join(repository.path, "outside"))
    git(repository.path, "add", ".")
    git(repository.path, "commit", "--quiet", "-m", "a link")
    commit = git(repository.path, "rev-parse", "HEAD")
    with pytest.raises(InputError, match="no folder"):
        rebuild(f"{repository.path}@{commit}#subdirectory=outside", FILENAME, "ab" * 32)


def test_a_build_that_fails_leaves_it_undetermined(repository: Repository) -> None:
    with open(os.path.join(repository.path, "backend.py"), "w") as stream:
        stream.write("raise SystemExit('no \x1b[31mcompiler')\n")
    git(repository.path, "commit", "--quiet", "-a", "-m", "broken")
    commit = git(repository.path, "rev-parse", "HEAD")
    with pytest.raises(UndeterminedError, match="the build failed") as caught:
        rebuild(f"{repository.path}@{commit}", FILENAME, "ab" * 32)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "https://github.com/acme/provider",
        "https://github.com/acme/provider@main",
        "https://github.com/acme/provider@4a5f4a5",
        f"https://github.com/acme/provider@{'4A5F' * 10}",
        f"@{'4a5f' * 10}",
        f"ext::sh -c touch%20/tmp/x@{'4a5f' * 10}",
        f"file:///etc@{'4a5f' * 10}",
        f"git://example.org/x@{'4a5f' * 10}",
        f"--upload-pack=touch@{'4a5f' * 10}",
        f"https://-x@{'4a5f' * 10}",
        f"-oProxyCommand@example.org:x@{'4a5f' * 10}",
        f"git@-oProxyCommand:x@{'4a5f' * 10}",
        f"nowhere@{'4a5f' * 10}",
        f"https://github.com/acme/provider@{'4a5f' * 10}#egg=x",
        f"https://github.com/acme/provider@{'4a5f' * 10}#subdirectory=../x",
        f"https://github.com/acme/provider@{'4a5f' * 10}#subdirectory=/etc",
        f"https://github.com/acme/provider@{'4a5f' * 10}#subdirectory=",
    ],
)
def test_what_is_no_source_is_refused_before_anything_runs(source: str) -> None:
    with pytest.raises(InputError, match="--rebuild"):
        parse_source(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://github.com/acme/provider.git@{c}", ("https://github.com/acme/provider.git", "")),
        ("git+https://github.com/acme/provider@{c}#subdirectory=a/b", ("https://github.com/acme/provider", "a/b")),
        ("ssh://git@example.org/x@{c}", ("ssh://git@example.org/x", "")),
        ("git@example.org:acme/provider@{c}", ("git@example.org:acme/provider", "")),
    ],
)
def test_sources_are_read(source: str, expected: tuple[str, str]) -> None:
    commit = "4a5f" * 10
    assert parse_source(source.format(c=commit)) == (expected[0], commit, expected[1])


class TestVerb:
    """`verify WHEEL --rebuild`."""

    @pytest.fixture
    def wheel(self, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.chdir(tmp_path)
        built(repository.path, tmp_path / "out")
        return str(tmp_path / "out" / FILENAME)

    def test_it_says_that_it_runs_the_build(
        self, wheel: str, repository: Repository, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = verify(capsys, wheel, "--rebuild", repository.source(), environ=os.environ)
        assert (found.exit_code, found.codes) == (0, ("ok", "ok"))
        assert found.verdict["provenance"]["evidence"] == "rebuild"
        assert "this runs the code of its build" in found.error

    def test_t26_no_exec_forbids_it(
        self, wheel: str, repository: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(subprocess, "Popen", None)
        found = verify(capsys, wheel, "--rebuild", repository.source(), environ={"VARIANTKIT_NO_EXEC": "1"})
        assert (found.exit_code, found.verdict) == (1, {})
        assert "VARIANTKIT_NO_EXEC" in found.error

    @pytest.mark.parametrize(
        ("source", "code"),
        [
            ("https://github.com/acme/provider", "ok"),
            ("https://github.com/acme/other", "repository-mismatch"),
            (None, "no-rule"),
        ],
    )
    def test_a_list_names_the_source_that_counts(
        self,
        source: str | None,
        code: str,
        wheel: str,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        rebuilt = Provenance(True, "ok", "the same, bit for bit", "rebuild")
        monkeypatch.setattr(provenance, "rebuild", lambda *_: rebuilt)
        package = '[packages.acme-variant-provider]\nnamespace = "acme"\nplugin-api = ["acme_variant_provider"]\n'
        package += f'source = "{source}"\n' if source else ""
        made = make_list_directory(tmp_path, package=package, trust_root=PrivateSigstore().trusted_root_json)
        given = ("--list", made.path, "--rebuild", f"https://github.com/acme/provider@{'4a5f' * 10}")
        found = verify(capsys, wheel, *given, environ=os.environ)
        assert (found.exit_code, found.verdict["provenance"]["code"]) == (1, code)

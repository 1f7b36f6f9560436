"""Rebuilding: a wheel made anew from its source, and compared byte by byte. It runs the code of the build."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, UndeterminedError
from variantkit_allowlist.model import Identity
from variantkit_allowlist.verdict import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GIT_SECONDS = 600
BUILD_SECONDS = 1800

_is_commit = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}").fullmatch
_is_remote = re.compile(
    r"(https|ssh)://[A-Za-z0-9][^\s]*|[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s-][^\s]*"
).fullmatch
_is_folder = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+ -]*(/[A-Za-z0-9_][A-Za-z0-9._+ -]*)*").fullmatch

_GIT = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "core.autocrlf=false"),
    *("-c", "core.symlinks=true", "-c", "submodule.recurse=false", "-c", "advice.detachedHead=false"),
)


class Source(NamedTuple):
    """Where to build from: `git` is a URL or the path of a local repository, `folder` "" for its top."""

    git: str
    commit: str
    folder: str


def parse_source(text: str) -> Source:
    """Read GIT@COMMIT[#subdirectory=DIR]; raises InputError for all but a whole commit id."""
    address, mark, fragment = text.partition("#")
    git, _, commit = address.removeprefix("git+").rpartition("@")
    folder = fragment.removeprefix("subdirectory=")
    if not git or not _is_commit(commit):
        raise InputError(f"--rebuild {text!a}: expected GIT@COMMIT, the commit as all 40 digits: git rev-parse HEAD")
    if mark and (folder == fragment or not _is_folder(folder) or ".." in folder.split("/")):
        raise InputError(f"--rebuild {text!a}: expected #subdirectory=DIR, a folder of the repository")
    if not _is_remote(git) and not os.path.isdir(git):
        raise InputError(f"--rebuild {text!a}: expected a git repository at an https or ssh URL, or a local folder")
    return Source(git, commit, folder)


def rebuild(source: str | Source, filename: str, sha256: str, environ: Mapping[str, str] = os.environ) -> Provenance:
    """Build the wheel from its source as pip does and compare it bit by bit. This runs the code of its build.

    Raises InputError for an unusable source, UndeterminedError when it cannot be fetched or built.
    """
    source = parse_source(source) if isinstance(source, str) else source
    with tempfile.TemporaryDirectory(prefix="variantkit-rebuild-") as directory:
        checkout, out = os.path.join(directory, "source"), os.path.join(directory, "wheels")
        epoch = _check_out(source, checkout, environ)
        folder = os.path.join(checkout, *source.folder.split("/")) if source.folder else checkout
        if not _lies_in(folder, checkout) or not os.path.isdir(folder):
            raise InputError(f"--rebuild: commit {source.commit} has no folder {source.folder!a}")
        os.mkdir(out)
        _build(folder, out, directory, {**_clean(environ), "SOURCE_DATE_EPOCH": epoch})
        return _compare(source, out, filename, sha256)


def _check_out(source: Source, checkout: str, environ: Mapping[str, str]) -> str:
    """Put the commit's files into `checkout`; returns the commit's time.

    The whole history is fetched, never the commit by its id: a host also gives out, under the name of a repository,
    commits that somebody pushed to a fork of it. What is not in a branch or tag is refused.
    """
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None:
        raise UndeterminedError("--rebuild: needs git, and finds none on the PATH")
    local = not _is_remote(source.git)
    place = os.path.abspath(source.git) if local else source.git
    own = {
        **_clean(environ),
        **{"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        **{"GIT_ALLOW_PROTOCOL": "file" if local else "https:ssh", "GIT_LFS_SKIP_SMUDGE": "1"},
    }
    clone = [git, *_GIT, "clone", "--quiet", "--no-checkout", "--template=", "--no-local", "--no-hardlinks"]
    _run([*clone, "--no-recurse-submodules", "--", place, checkout], own, f"cannot fetch {source.git}", GIT_SECONDS)
    inside = [git, *_GIT, "-C", checkout]
    reachable = _run(
        [*inside, "for-each-ref", "--count=1", f"--contains={source.commit}"],
        own,
        f"{source.git} has no commit {source.commit}",
        GIT_SECONDS,
    )
    if not reachable.strip():
        raise InputError(f"--rebuild: no branch or tag of {source.git} holds the commit {source.commit}")
    _run([*inside, "checkout", "--quiet", "--detach", source.commit], own, "cannot check out", GIT_SECONDS)
    head = _run([*inside, "rev-parse", "HEAD"], own, "cannot read the commit", GIT_SECONDS).strip()
    if head != source.commit:
        raise InputError(f"--rebuild: expected the commit {source.commit}, git checked out {head!a}")
    return _run([*inside, "log", "-1", "--format=%ct", "HEAD"], own, "cannot date the commit", GIT_SECONDS).strip()


def _build(folder: str, out: str, directory: str, environ: Mapping[str, str]) -> None:
    """Build one wheel with pip, else uv, as the user's settings say which index build requirements come from."""
    from importlib.util import find_spec

    uv = shutil.which("uv", path=environ.get("PATH"))
    if find_spec("pip") is not None:
        command = [sys.executable, "-I", "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-cache-dir"]
        command += ["--disable-pip-version-check", "--wheel-dir", out, folder]
    elif uv is not None:
        command = [uv, "build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", out, folder]
    else:
        raise UndeterminedError("--rebuild: needs pip beside this Python, or uv on the PATH, and finds neither")
    temporary = os.path.join(directory, "tmp")
    os.mkdir(temporary)
    _run(command, {**environ, "TMPDIR": temporary}, "the build failed", BUILD_SECONDS)


def _compare(source: Source, out: str, filename: str, sha256: str) -> Provenance:
    built = sorted(name for name in os.listdir(out) if name != ".gitignore")  # uv writes one into its folder
    detail = f"{source.git} at {source.commit} builds {', '.join(ascii(name)[1:-1] for name in built) or 'nothing'}"
    if built != [filename]:
        return Provenance(False, "rebuild-differs", f"{detail}, not {filename}")
    with open(os.path.join(out, filename), "rb") as stream:
        found = hashlib.sha256(stream.read()).hexdigest()
    if found != sha256:
        return Provenance(False, "rebuild-differs", f"{detail} with sha256 {found}, not {sha256}")
    identity = Identity(repository=source.git, commit=source.commit)
    return Provenance(True, "ok", f"{detail}, bit for bit", "rebuild", identity)


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without what would steer git or Python elsewhere."""
    return {name: value for name, value in environ.items() if not name.startswith(("GIT_", "PYTHON"))}


def _run(command: Sequence[str], environ: Mapping[str, str], failing: str, seconds: int) -> str:
    """Run to the end and return stdout; raises UndeterminedError with the last line of what it said otherwise."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=told,
            start_new_session=True,
            umask=0o022 if os.name == "posix" else -1,  # modes of files get into wheels
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise UndeterminedError(f"--rebuild: {failing}: no end after {seconds} seconds") from None
        finally:
            _end(process)
        said.seek(0)
        told.seek(0, os.SEEK_END)
        told.seek(max(0, told.tell() - 2000))
        if code:
            lines = told.read().decode("utf-8", "replace").strip().splitlines()
            raise UndeterminedError(f"--rebuild: {failing} ({ascii(lines[-1])[1:-1][:300] if lines else code})")
        return said.read(1 << 20).decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what the command left running."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _lies_in(folder: str, checkout: str) -> bool:
    """Whether a folder is inside the checkout, symbolic links followed."""
    top = os.path.realpath(checkout)
    return os.path.commonpath([top, os.path.realpath(folder)]) == top

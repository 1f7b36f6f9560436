"""The user's own installer: which one, and what it is told so that it sees this machine's view and nothing less."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING, NamedTuple, TextIO

from variantkit.errors import InputError
from variantkit.index.install.no_exec import guarded_pip
from variantkit.index.serve.server import USER

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from variantkit.index.install.settings import IndexSettings
    from variantkit.index.serve.conversation import Event
    from variantkit.index.serve.mounts import Mount
    from variantkit.index.serve.server import Server
    from variantkit.machine.target import Target

UV, PIP, AUTO = "uv", "pip", "auto"
INDEX_NAME = "variantkit"
PIP_WITH_PYTHON_OPTION = (22, 3)
PIP_FOR_PYTHON_3_12 = (23, 2)
"""`--python` runs pip's own code under the target, and what older ones carry along ends in a traceback there."""
PATIENCE = 4
"""How much longer than us for the index the installer waits for us: who gives up first writes the error."""
OLDEST_UV = (0, 5)
"""Before it there was no UV_INDEX: such a uv would install past the view without a word."""


class Installer(NamedTuple):
    """`name` is uv or pip; `command` starts it; `python` is the interpreter whose pip it is ("" for uv)."""

    name: str
    command: tuple[str, ...]
    python: str = ""


def find_installer(wanted: str, target: Target, environ: Mapping[str, str]) -> Installer:
    """The installer asked for; `auto` is the user's own: uv where there is one that runs, else the target's pip.

    Raises InputError, with the command that fixes it, when there is none.
    """
    uv = find_uv(target, environ) if wanted in (UV, AUTO) else None
    if uv is not None:
        return Installer(UV, (uv, "pip", "install"))
    if wanted == UV:
        raise InputError(
            "uv: expected 0.5 or newer on PATH or beside the target's Python, found none that runs; "
            "install uv, or use --installer pip"
        )
    return _find_pip(target)


def find_uv(target: Target, environ: Mapping[str, str]) -> str | None:
    """The first uv that runs: on PATH, beside the target's interpreter, or installed with variantkit."""
    places = [
        shutil.which("uv", path=environ.get("PATH", os.defpath)),
        shutil.which("uv", path=os.path.dirname(target.python)),
        shutil.which("uv", path=os.path.dirname(sys.executable)),
    ]
    return next((uv for uv in dict.fromkeys(places) if uv is not None and _uv_version(uv, environ) >= OLDEST_UV), None)


def _uv_version(program: str, environ: Mapping[str, str]) -> tuple[int, ...]:
    """Its release, () when it does not run: version managers leave shims on PATH for programs that are not there."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, timeout=30, check=False, env=dict(environ))
    except (OSError, subprocess.TimeoutExpired):
        return ()
    words = done.stdout.decode("ascii", "replace").split()
    return _release(words[1]) if done.returncode == 0 and len(words) > 1 else ()


def _find_pip(target: Target) -> Installer:
    if target.pip_version is not None:
        return Installer(PIP, (target.python, "-m", "pip", "install"), target.python)
    from variantkit.machine.target import find_pip_version

    own = find_pip_version(sys.path)
    oldest = PIP_FOR_PYTHON_3_12 if _release(target.version) >= (3, 12) else PIP_WITH_PYTHON_OPTION
    if own is not None and _release(own) >= oldest:
        return Installer(PIP, (sys.executable, "-m", "pip", "--python", target.python, "install"), sys.executable)
    raise InputError(
        f"{target.python}: expected pip there or uv on PATH, found neither; "
        f"run '{target.python} -m ensurepip', or install uv and run this again"
    )


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def child_arguments(
    installer: Installer,
    target: Target,
    directory: str | None,
    requirements: Sequence[str],
    more: Sequence[str],
    *,
    no_exec: bool,
) -> list[str]:
    """The installer's command line; nothing secret is in it, because every user of the machine can read it."""
    arguments = list(installer.command)
    if no_exec and installer.name == PIP:
        arguments = guarded_pip(installer.command, target.python)
    if installer.name == UV:
        arguments += ["--python", target.python]
    if directory is not None:
        arguments += ["--target", directory]
    if no_exec:
        arguments += ["--no-build"] if installer.name == UV else ["--only-binary", ":all:"]
    if installer.name == PIP:
        # A proxy of pip's own settings would get the loopback requests too; `child_environment` passes it on.
        arguments += ["--proxy", ""]
    return [*arguments, *requirements, *more]


def child_environment(
    installer: Installer,
    server: Server,
    mounts: Sequence[Mount],
    settings: IndexSettings,
    environ: Mapping[str, str],
    *,
    default_index: str | None = None,
) -> dict[str, str]:
    """The installer's environment: the loopback indexes with their password, before or in place of the user's.

    `settings` is what the installer is set up with. `default_index` is the index that the user named for this run;
    uv is told about it too, because it asks its default index for everything that has no variants.
    """
    child = dict(environ)
    for name in ("NO_PROXY", "no_proxy"):
        child[name] = ",".join(filter(None, [child.get(name), "127.0.0.1", "localhost"]))
    waiting = str(math.ceil(PATIENCE * settings.http_options().read_timeout))
    child["UV_HTTP_TIMEOUT" if installer.name == UV else "PIP_DEFAULT_TIMEOUT"] = waiting
    if installer.name == UV:
        _tell_uv(child, server, mounts, default_index)
    elif mounts:
        _tell_pip(child, server, mounts, settings)
    return child


def _tell_uv(
    child: MutableMapping[str, str], server: Server, mounts: Sequence[Mount], default_index: str | None
) -> None:
    """UV_INDEX comes before every other index, but `--index` would hide the user's own UV_INDEX altogether."""
    ours = []
    child.pop("UV_OFFLINE", None)  # when it is set, every mount is a directory
    for number, mount in enumerate(mounts, 1):
        name = f"{INDEX_NAME}-{number}"
        variable = f"UV_INDEX_{INDEX_NAME.upper()}_{number}"
        child[f"{variable}_USERNAME"], child[f"{variable}_PASSWORD"] = USER, server.password
        if not mount.complete:
            ours.append(f"{name}={server.url_for(mount)}")
    child["UV_INDEX"] = " ".join([*ours, child.get("UV_INDEX", "")]).strip()
    complete = [mount for mount in mounts if mount.complete]
    if complete:
        child["UV_DEFAULT_INDEX"] = server.url_for(complete[0], secret=True)
    elif default_index is not None:
        child["UV_DEFAULT_INDEX"] = default_index


def _tell_pip(
    child: MutableMapping[str, str], server: Server, mounts: Sequence[Mount], settings: IndexSettings
) -> None:
    """Variables beat pip's configuration files, but empty ones are ignored: a setting can be replaced, not removed."""
    urls = [server.url_for(mount, secret=True) for mount in mounts]
    # These would pass the loopback index over, move the installation, or write our addresses down.
    for name in ("PIP_PYPI_URL", "PIP_EXTRA_INDEX_URL", "PIP_PROXY", "PIP_ISOLATED", "PIP_PYTHON", "PIP_REPORT"):
        child.pop(name, None)
    child["PIP_INDEX_URL"] = urls[0]
    if len(urls) > 1 or settings.extra_index_urls:
        child["PIP_EXTRA_INDEX_URL"] = " ".join(urls[1:] or urls[:1])  # pip asks the same URL once
    child["PIP_NO_INDEX"] = "0"
    # pip keeps what it downloads over plain http only from hosts that are trusted by name.
    child["PIP_TRUSTED_HOST"] = " ".join([*settings.trusted_hosts, f"{server.host}:{server.port}"])
    if settings.proxy:
        child.update(dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), settings.proxy))


class Keeper:
    """The running installer, which the first error of the view ends.

    Both installers read every page before they change the environment. Ending them there keeps pip, which passes
    over an index that fails, from taking another build without a word.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def notice(self, event: Event) -> None:
        if event.kind == "error":
            with self._lock:
                self._stopped = True
                if self._process is not None:
                    self._process.terminate()

    def run(self, command: Sequence[str], environ: Mapping[str, str], err: TextIO) -> int:
        """Run to the end with everything it says on `err`; return its exit code."""
        stream = _descriptor(err)
        with subprocess.Popen(
            command, env=dict(environ), stdout=stream, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process:
            with self._lock:
                self._process = process
                if self._stopped:
                    process.terminate()
            try:
                _copy(process.stdout, err)
                return process.wait()
            except BaseException:
                process.terminate()
                raise
            finally:
                with self._lock:
                    self._process = None


def _descriptor(stream: TextIO) -> int | TextIO:
    """The stream itself where a child can write to it (a terminal keeps its progress bars), else a pipe."""
    try:
        stream.fileno()
    except (OSError, AttributeError):
        return subprocess.PIPE
    stream.flush()
    return stream


def _copy(source: IO[str] | None, destination: TextIO) -> None:
    for line in source or ():
        destination.write(line)

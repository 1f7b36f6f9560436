"""Installation by the user's own installer, through the loopback view of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING, NamedTuple, TextIO

from variantkit.index.settings import pip_settings, uv_settings
from variantkit.index.upstream import open_upstream

from variantkit.errors import InputError
from variantkit.index.installed import installed_builds
from variantkit.index.installers import PIP, UV, Installer, child_arguments, child_environment, find_installer
from variantkit.index.mounts import Mount
from variantkit.index.page import printable
from variantkit.index.report import compare_outcomes, describe_outcomes
from variantkit.index.requirements import read_requirements, require_safe_arguments
from variantkit.index.serve import serve
from variantkit.index.view import ViewSettings
from variantkit.machine.target import query_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from variantkit.index.settings import IndexSettings
    from variantkit.index.upstream import Upstream

    from variantkit.index.conversation import Event
    from variantkit.index.requirements import Stated
    from variantkit.index.serve import Server
    from variantkit.machine.supported import Machine
    from variantkit.variants.grammar import Property


class InstallRequest(NamedTuple):
    """What the user asked for; `installer` is auto, uv or pip, `installer_args` is what stood after `--`.

    `index_url` (a URL or a directory) takes the place of the installer's default index; its other indexes stay.
    `python` is an interpreter or an environment's directory, `target` a directory to install into.
    """

    requirements: tuple[str, ...] = ()
    installer_args: tuple[str, ...] = ()
    installer: str = "auto"
    index_url: str | None = None
    python: str | None = None
    target: str | None = None
    variants: Mapping[str, str] = {}
    prefer: tuple[Property, ...] = ()
    accept_fallback: bool = False
    no_exec: bool = False
    offline: bool = False
    json: bool = False


def run_install(
    request: InstallRequest, machine: Machine, out: TextIO, err: TextIO, environ: Mapping[str, str] | None = None
) -> int:
    """Install, then say on `out` which build each project with variants got; the installer's own words go to `err`.

    Returns 0, or 1 when the installer failed or the wanted label is refused, or 3 when an upstream did not answer or
    the approved list's own state left the choice open: then the installer was stopped before it changed anything.
    Raises InputError for what cannot be started at all.
    """
    environ = os.environ if environ is None else environ
    request = request._replace(offline=request.offline or environ.get("UV_OFFLINE", "") not in {"", "0", "false"})
    require_safe_arguments(request.installer_args)
    if not request.requirements and not request.installer_args:
        raise InputError("install: expected a requirement such as 'numpy', or '-- -r requirements.txt', found neither")
    target = query_target(find_environment(request, environ))
    installer = find_installer(request.installer, target, environ)
    stated = read_requirements(request.requirements, request.installer_args, environ)
    settings = _read_settings(installer, request, environ)
    mounts = plan_mounts(installer, settings, stated, request)
    view_settings = ViewSettings(
        machine=machine,
        target=target,
        prefer=request.prefer,
        variants=request.variants,
        specifiers=stated.specifiers,
        require_hashes=stated.require_hashes,
    )
    keeper = Keeper()
    places = (request.target,) if request.target is not None else (target.purelib, target.platlib)
    before = installed_builds(places)
    with serve(mounts, view_settings, on_event=keeper.notice, accept_fallback=request.accept_fallback) as server:
        command = child_arguments(
            installer, target, request.target, request.requirements, request.installer_args, no_exec=request.no_exec
        )
        child = child_environment(installer, server, mounts, settings, environ, default_index=request.index_url)
        failed = keeper.run(command, child, err) != 0
    code = _report_errors(server, err) or int(failed)
    views = [event.view for event in server.views if event.view is not None]
    after = installed_builds(places, {view.project for view in views})
    outcomes = [] if code else compare_outcomes(views, before, after, installer.name)
    if request.json:
        out.write(json.dumps(describe_outcomes(outcomes, installer.name, code), indent=2, ensure_ascii=False) + "\n")
    else:
        out.writelines(f"{printable(outcome.why)}\n" for outcome in outcomes)
    return code


def find_environment(request: InstallRequest, environ: Mapping[str, str]) -> str:
    """The interpreter or environment to install for: the one named, else the one the user stands in.

    Never the environment that variantkit itself was installed into: a tool's environment is not where a user
    wants packages. Raises InputError when there is no other.
    """
    if request.python is not None:
        return request.python
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if environ.get(variable):
            return environ[variable]
    if os.path.isfile(os.path.join(".venv", "pyvenv.cfg")):
        return ".venv"
    if request.target is not None:
        return sys.executable  # only its tags matter: the directory was named
    raise InputError(
        "install: expected an environment to install into, found none active and no .venv here; "
        "activate one, or name it: variantkit install --python PATH_TO_ENVIRONMENT"
    )


def _read_settings(installer: Installer, request: InstallRequest, environ: Mapping[str, str]) -> IndexSettings:
    if installer.name == UV:
        settings = uv_settings(installer.command[0], environ, os.getcwd())
    else:
        settings = pip_settings(installer.python, environ, os.getcwd())
    if request.index_url is not None:
        settings = settings._replace(index_url=request.index_url)
    return settings


def plan_mounts(
    installer: Installer, settings: IndexSettings, stated: Stated, request: InstallRequest
) -> tuple[Mount, ...]:
    """One mount per index, in the installer's own order, then find-links directories that hold variants.

    uv asks its extra indexes before the default one and takes a project from the first that has it. pip considers
    all of them, and everything has to come through the mounts.
    """
    extra = (*settings.extra_index_urls, *stated.extra_index_urls)
    if settings.no_index:
        _require_pip(installer, settings)
        indexes: tuple[str, ...] = ()
    else:
        indexes = (*extra, settings.index_url) if installer.name == UV else (settings.index_url, *extra)
    links = tuple(location for location in settings.find_links if _holds_variants(location))
    upstreams: dict[str, tuple[Upstream, str]] = {}
    for location in dict.fromkeys((*indexes, *links)):
        upstream = open_upstream(location)
        if request.offline and upstream.url.startswith(("http:", "https:")):
            raise InputError(f"--offline: the index {upstream.url} is on the network; give --index-url DIRECTORY")
        upstreams.setdefault(upstream.url, (upstream, location))
    mounts: list[Mount] = []
    for number, (upstream, location) in enumerate(upstreams.values(), 1):
        default = location == request.index_url and not upstream.url.startswith(("http:", "https:"))
        behind = tuple(mount.upstream for mount in mounts) if installer.name == UV else ()
        mounts.append(Mount(f"index {number}", upstream, installer.name == PIP or default, behind))
    return tuple(mounts)


def _require_pip(installer: Installer, settings: IndexSettings) -> None:
    if installer.name == UV:
        raise InputError(
            f"uv: no-index is set ({settings.source}), so uv would not ask the loopback index; "
            "take it out, or use --installer pip"
        )


def _holds_variants(location: str) -> bool:
    path = location.removeprefix("file://")
    try:
        return any(name.endswith("-variants.json") for name in os.listdir(path))
    except OSError:
        return False


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


def _report_errors(server: Server, err: TextIO) -> int:
    """Say each error once and return the exit code of the first, 0 when there is none."""
    errors: Iterable[Event] = server.errors
    code = 0
    for event in errors:
        err.write(f"variantkit: {printable(event.text)}\n")
        code = code or event.exit_code or 3
    return code

"""What the user's pip or uv is set up with: its indexes and how it reaches them, as the installer itself says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import UndeterminedError
from variantkit.index.upstream.origin import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from subprocess import CompletedProcess

    from variantkit.index.upstream.connections import HttpOptions

_SECONDS = 60
_FILE_CAP = 1 << 20


class IndexSettings(NamedTuple):
    """An installer's indexes, in its own order; URLs keep the credentials they were written with.

    `index_url` is the default index: pip's main one, the one that uv asks last; "" when `no_index` leaves none.
    Places that are no URL are absolute paths. `source` says where `index_url` came from, for messages.
    `explicit_indexes` are uv's that serve only the packages that name them, as (name, URL).
    """

    index_url: str
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    trusted_hosts: tuple[str, ...] = ()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    timeout: float | None = None
    keyring_provider: str | None = None
    source: str = ""
    explicit_indexes: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        shown = (redacted(self.index_url), *map(redacted, self.extra_index_urls))
        return f"IndexSettings({', '.join(shown)}; from {self.source})"

    def http_options(self, environ: Mapping[str, str] | None = None) -> HttpOptions:
        """How to reach these indexes, for `open_upstream`."""
        from variantkit.index.upstream.connections import HttpOptions

        options = HttpOptions(
            trusted_hosts=self.trusted_hosts,
            cert=self.cert,
            client_cert=self.client_cert,
            proxy=self.proxy,
            keyring=self.keyring_provider == "subprocess",
            environ=environ,
        )
        return options._replace(read_timeout=self.timeout) if self.timeout else options


def pip_settings(python: str, environ: Mapping[str, str], cwd: str) -> IndexSettings:
    """What the pip of an interpreter is set up with: files, environment and its built-in default.

    UndeterminedError when there is no pip there, or when it cannot say.
    """
    import json

    done = run_installer([python, "-c", _ASK_PIP], environ, cwd)
    if done.returncode != 0:
        missing = "No module named 'pip'" in done.stderr
        raise UndeterminedError(
            f"{python}: expected pip there, found none; install it (python -m ensurepip), or name an index"
            if missing
            else f"{python}: its pip could not say which index it uses ({last_line(done.stderr)}); name an index"
        )
    try:
        said = json.loads(done.stdout.rpartition(_MARK)[2])
        return _from_pip(said, cwd, environ)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UndeterminedError(f"{python}: its pip answered unreadably which index it uses; name an index") from error


_MARK = "variantkit-settings:"

# Runs in the installer's Python, any version from 3.8 on: pip's own parser merges its files, its environment and its
# defaults, so the order of precedence and the default index are pip's. The current directory must not be imported
# from.
_ASK_PIP = f"""
import sys
sys.path[:] = [path for path in sys.path if path]
import json
import pip
from pip._internal.commands import create_command
from pip._internal.models.index import PyPI
parser = create_command("install").parser
options = parser.parse_args(["--no-deps"])[0]
names = ("index_url extra_index_urls find_links no_index trusted_hosts cert client_cert proxy timeout"
         " keyring_provider").split()
said = {{name: getattr(options, name, None) for name in names}}
files = [path for kind, paths in parser.config.iter_config_files() for path in paths]
said.update(files=files, default=PyPI.simple_url, version=pip.__version__)
print({_MARK!r} + json.dumps(said))
"""


def _from_pip(said: dict[str, object], cwd: str, environ: Mapping[str, str]) -> IndexSettings:
    timeout = said["timeout"]
    provider = said["keyring_provider"]
    return IndexSettings(
        index_url=_place(str(said["index_url"]), cwd),
        extra_index_urls=tuple(_place(url, cwd) for url in _texts(said["extra_index_urls"])),
        find_links=tuple(_place(url, cwd) for url in _texts(said["find_links"])),
        no_index=bool(said["no_index"]),
        trusted_hosts=_texts(said["trusted_hosts"]),
        cert=_text(said["cert"]),
        client_cert=_text(said["client_cert"]),
        proxy=_text(said["proxy"]),
        timeout=float(timeout) if isinstance(timeout, (int, float)) else None,
        keyring_provider=_text(provider),
        source=_pip_source(said, environ),
    )


def _pip_source(said: dict[str, object], environ: Mapping[str, str]) -> str:
    url = str(said["index_url"])
    if environ.get("PIP_INDEX_URL") == url:
        return "PIP_INDEX_URL"
    # pip lists its files weakest first.
    files = (path for path in reversed(_texts(said["files"])) if url in load_text(path))
    return next(files, f"built-in default of pip {said['version']}" if url == said["default"] else "pip's settings")


def _texts(found: object) -> tuple[str, ...]:
    return tuple(str(item) for item in found) if isinstance(found, list) else ()


def _text(found: object) -> str | None:
    return found if isinstance(found, str) and found else None


def _place(text: str, cwd: str) -> str:
    """A URL as it is, a path as an absolute one."""
    is_url = "://" in text or text.startswith("file:")
    return text if is_url else os.path.normpath(os.path.join(cwd, os.path.expanduser(text)))


def uv_settings(uv: str, environ: Mapping[str, str], cwd: str) -> IndexSettings:
    """What a uv is set up with in a directory: variables, project, user and system files, its built-in default.

    UndeterminedError when uv cannot say.
    """
    from variantkit.index.install.uv_settings import load_uv_settings

    return load_uv_settings(uv, environ, cwd)


def run_installer(
    command: Sequence[str], environ: Mapping[str, str], cwd: str, text: str = ""
) -> CompletedProcess[str]:
    """Run an installer that only says something; UndeterminedError when it cannot be run or does not end."""
    import subprocess

    try:
        return subprocess.run(
            command,
            input=text,
            capture_output=True,
            env=dict(environ),
            cwd=cwd,
            timeout=_SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UndeterminedError(f"{command[0]}: could not be asked which index it uses ({error})") from error


def load_text(path: str) -> str:
    """The text of a settings file; "" for one that is not there or that is too large to be one."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(_FILE_CAP + 1)
    except OSError:
        return ""
    return data.decode("utf-8", "replace") if len(data) <= _FILE_CAP else ""


def last_line(text: str) -> str:
    """The last line that says something, short enough for a sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"

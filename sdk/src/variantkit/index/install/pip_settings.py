"""What the user's pip is set up with, asked of pip itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.errors import UndeterminedError
from variantkit.index.install.settings import IndexSettings, last_line, load_text, run_installer

if TYPE_CHECKING:
    from collections.abc import Mapping


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

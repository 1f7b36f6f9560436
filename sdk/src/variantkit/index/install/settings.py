"""What an installer is set up with: its indexes and how it reaches them, in its own words."""

from __future__ import annotations

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

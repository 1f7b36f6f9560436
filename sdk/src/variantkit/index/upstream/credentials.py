"""Credentials: who may see which user name and password, and where those come from."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.upstream.origin import origin_of, redacted, split_userinfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from netrc import netrc

    from variantkit.index.upstream.origin import Origin

KEYRING_SECONDS = 60.0
NETRC_BYTES = 1 << 20


class Login(NamedTuple):
    """A user name and a password; neither is ever part of a message."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Login(****)"

    @property
    def header(self) -> str:
        """The value of an Authorization or Proxy-Authorization header (RFC 7617, UTF-8)."""
        import base64

        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


class Credentials:
    """The login of each origin, for one index.

    The index's own origin has the login of the URL the user gave, else of netrc, else of keyring (when the user's
    installer is set to ask it). Another origin, such as one that holds the files, has only a login that netrc names
    for exactly that host, and only over https: an index must not be able to make us send it in the clear.
    """

    def __init__(self, url: str, environ: Mapping[str, str], *, keyring: bool = False) -> None:
        self.url, userinfo = split_userinfo(url)
        self._own = origin_of(self.url)
        self._userinfo = Login(*userinfo) if userinfo else None
        self._environ = environ
        self._keyring = keyring
        self._netrc: netrc | None = None
        self._known: dict[Origin, Login | None] = {}
        self._lock = Lock()

    def login(self, origin: Origin) -> Login | None:
        """The login for an origin, or None; asked once per origin."""
        with self._lock:
            if origin not in self._known:
                self._known[origin] = self._own_login() if origin == self._own else self._foreign_login(origin)
            return self._known[origin]

    def _own_login(self) -> Login | None:
        if self._userinfo and (self._userinfo.password or not self._keyring):
            return self._userinfo
        user = self._userinfo.user if self._userinfo else None
        entry = None if user else self._netrc_entry(self._own.host, use_default=True)
        if entry or not self._keyring:
            return entry
        return ask_keyring(self.url, self._own.host, user, self._environ) or self._userinfo

    def _foreign_login(self, origin: Origin) -> Login | None:
        return self._netrc_entry(origin.host, use_default=False) if origin.scheme == "https" else None

    def _netrc_entry(self, host: str, *, use_default: bool) -> Login | None:
        if self._netrc is None:
            self._netrc = load_netrc(self._environ)
        entry = self._netrc.hosts.get(host) or (self._netrc.hosts.get("default") if use_default else None)
        return Login(entry[0] or entry[1] or "", entry[2] or "") if entry else None


def load_netrc(environ: Mapping[str, str]) -> netrc:
    """The user's netrc: `$NETRC`, else `.netrc` or `_netrc` of the home directory, else an empty one.

    A broken or oversized file is an InputError that quotes nothing of it.
    """
    import netrc

    home = environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~")
    named = environ.get("NETRC")
    for path in [named] if named else [os.path.join(home, ".netrc"), os.path.join(home, "_netrc")]:
        if not os.path.isfile(path):
            continue
        if os.path.getsize(path) > NETRC_BYTES:
            raise InputError(f"{path}: expected a netrc file of at most {NETRC_BYTES} bytes")
        try:
            return netrc.netrc(path)
        except (netrc.NetrcParseError, UnicodeDecodeError, OSError) as error:
            line = getattr(error, "lineno", None)
            where = f"{path}, line {line}" if line else path
            raise InputError(
                f"{where}: expected a netrc file, found one that cannot be read; correct it, or point NETRC at another"
            ) from error
    return netrc.netrc(os.devnull)


def ask_keyring(url: str, host: str, user: str | None, environ: Mapping[str, str]) -> Login | None:
    """What the `keyring` program on PATH knows for the URL, then for its host; None when it knows nothing.

    Only asked for when the user's installer is set to `keyring-provider = subprocess`, as that installer would do.
    """
    import shutil

    program = shutil.which("keyring", path=environ.get("PATH"))
    if program is None:
        raise UndeterminedError(
            f"{redacted(url)}: keyring-provider is set to subprocess, but there is no program `keyring` on PATH;"
            " install it, or put the user name and password into netrc"
        )
    for service in (url, host):
        found = _keyring_get(program, service, user, environ)
        if found:
            return found
    return None


def _keyring_get(program: str, service: str, user: str | None, environ: Mapping[str, str]) -> Login | None:
    import subprocess

    command = [program, "get", service, user] if user else [program, "--mode", "creds", "get", service]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(environ),
            timeout=KEYRING_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UndeterminedError(
            f"{redacted(service)}: `keyring get` did not answer; run it by hand to see what it waits for"
        ) from error
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if done.returncode != 0 or not lines:
        return None
    if user:
        return Login(user, lines[0])
    return Login(lines[0], lines[1]) if len(lines) > 1 else None

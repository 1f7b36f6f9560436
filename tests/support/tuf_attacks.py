"""TUF repositories for tests: right ones and every wrong one, made by hand, and a server with every fault of a server.

`Forge` signs whatever it is told, with keys that `support.curation` derives from names; it shares no code with the
tool. `serve` is a web server on loopback that answers in one packet: a head and a body in two would wait for the
client's delayed acknowledgement, 40 ms for each file.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

from support.curation import public_key, signer
from variantkit.trust.dates import DAY, format_date
from variantkit_allowlist.repository.tuf_api import (
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LIST_ID = "example.org/providers"
PERSONS = ("alice", "bob", "carol")
ROLES = ("root", "targets", "snapshot", "timestamp")
DAYS = {"root": 365, "targets": 180, "snapshot": 30, "timestamp": 30}
REVOKED = {"package": "broken-variant-provider", "version": "1.0", "sha256": ["b" * 64], "reason": "reads a home"}

Signers = dict[str, tuple[str, ...]]


def approved_list(serial: int, issued: int, **changes: object) -> bytes:
    """An enforcement file with one provider and one revocation; `changes` replace its keys."""
    document = {
        "schema": "variantkit.approved/1",
        "id": LIST_ID,
        "serial": serial,
        "issued": format_date(issued),
        "renew-by": format_date(issued + 180 * DAY),
        "expires": format_date(issued + 365 * DAY),
        "providers": [
            {
                "namespace": "acme",
                "package": "acme-variant-provider",
                "version": f"1.{serial}",
                "sha256": [hashlib.sha256(b"wheel").hexdigest()],
                "plugin-api": ["acme_variant_provider"],
            }
        ],
        "revoked": [REVOKED],
    }
    return json.dumps({**document, **{key.replace("_", "-"): value for key, value in changes.items()}}).encode()


class Keyholders(NamedTuple):
    """Who signs which role, and how many of them."""

    names: Mapping[str, tuple[str, ...]] = dict.fromkeys(ROLES, PERSONS)
    thresholds: Mapping[str, int] = {"root": 2, "targets": 2, "snapshot": 1, "timestamp": 1}

    def replace(self, **names: tuple[str, ...]) -> Keyholders:
        return self._replace(names={**self.names, **names})

    def usual(self, role: str) -> tuple[str, ...]:
        """Those who would sign: as many as are needed."""
        return self.names[role][: self.thresholds[role]]


HOLDERS = Keyholders()


def sign(signed: Any, names: Sequence[str]) -> Metadata[Any]:
    """Metadata with those signatures, right or wrong."""
    metadata: Metadata[Any] = Metadata(signed)
    for name in names:
        metadata.sign(signer(name), append=True)
    return metadata


def make_root(version: int, holders: Keyholders, now: int, *, days: int = 365, list_id: str = LIST_ID) -> Root:
    keys = {name: public_key(name).tuf_key() for names in holders.names.values() for name in names}
    return Root(
        version=version,
        expires=date(now + days * DAY),
        keys={key.keyid: key for key in keys.values()},
        roles={
            role: Role([keys[name].keyid for name in names], holders.thresholds[role])
            for role, names in holders.names.items()
        },
        unrecognized_fields={
            "variantkit": {
                "id": list_id,
                "issued": format_date(now),
                "holders": {key.keyid: name for name, key in keys.items()},
            }
        },
    )


def date(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)


class Forge:
    """A repository being made: `files` are what a server would serve, by path.

    Every `publish` is an edition (`stamps` are their timestamps); its arguments are what may be wrong with it: `serial`
    of the targets, `versions` of the others; `signers` replaces the names that sign a role, and
    `days` how long from `now` a role lasts.
    """

    def __init__(self, now: int, holders: Keyholders = HOLDERS, list_id: str = LIST_ID) -> None:
        self.now = now
        self.holders = holders
        self.list_id = list_id
        self.files: dict[str, bytes] = {}
        self.version = 0
        self.roots: list[Metadata[Root]] = []
        self.stamps: list[bytes] = []
        self.add_root(holders)

    def add_root(
        self, holders: Keyholders, signers: Sequence[str] | None = None, *, days: int = 365, now: int | None = None
    ) -> bytes:
        """The next root, signed by both the former keyholders and its own unless `signers` says by whom."""
        former = self.holders if self.roots else holders
        root = make_root(len(self.roots) + 1, holders, now or self.now, days=days, list_id=self.list_id)
        names = signers if signers is not None else tuple(dict.fromkeys(former.usual("root") + holders.usual("root")))
        self.roots.append(sign(root, names))
        self.holders = holders
        data = self.roots[-1].to_bytes()
        self.files[f"metadata/{root.version}.root.json"] = data
        return data

    def publish(
        self,
        approved: bytes | None = None,
        *,
        serial: int | None = None,
        now: int | None = None,
        signers: Signers | None = None,
        days: Mapping[str, int] | None = None,
        versions: Mapping[str, int] | None = None,
        own: Mapping[str, object] | None = None,
        targets: Mapping[str, bytes] | None = None,
        hashed: bool = True,
    ) -> Forge:
        now = self.now if now is None else now
        self.version += 1
        version = {"snapshot": self.version, "timestamp": self.version, **(versions or {})}
        serial = self.version if serial is None else serial
        lasts = {role: now + days_ * DAY for role, days_ in {**DAYS, **(days or {})}.items()}
        names = {role: self.holders.usual(role) for role in ROLES} | (signers or {})
        content = {"approved.json": approved if approved is not None else approved_list(serial, now)}
        content |= {"trusted_root.json": b'{"a root": "of Sigstore"}\n', **(targets or {})}
        infos = {name: TargetFile.from_data(name, data, ["sha256"]) for name, data in content.items()}
        marks = {"id": self.list_id, "issued": format_date(now)}
        made = sign(Targets(serial, None, date(lasts["targets"]), infos, None, {"variantkit": marks}), names["targets"])
        data = {"targets": made.to_bytes()}
        meta = {"targets.json": _named(serial, data["targets"], hashed)}
        snapshot = Snapshot(version["snapshot"], None, date(lasts["snapshot"]), meta, {"variantkit": marks})
        data["snapshot"] = sign(snapshot, names["snapshot"]).to_bytes()
        stamp = {"issued": format_date(now), "fresh-days": 7, "root": len(self.roots), **(own or {})}
        timestamp = Timestamp(
            version["timestamp"],
            None,
            date(lasts["timestamp"]),
            _named(version["snapshot"], data["snapshot"], hashed),
            {"variantkit": stamp},
        )
        for name, info in infos.items():
            self.files[f"targets/{info.hashes['sha256']}.{name}"] = content[name]
        self.files[f"metadata/{serial}.targets.json"] = data["targets"]
        self.files[f"metadata/{version['snapshot']}.snapshot.json"] = data["snapshot"]
        self.stamps.append(sign(timestamp, names["timestamp"]).to_bytes())
        self.files["metadata/timestamp.json"] = self.stamps[-1]
        return self

    @property
    def root(self) -> bytes:
        return self.files["metadata/1.root.json"]

    def path_of(self, ending: str) -> str:
        """The path that ends so, the one made last of several."""
        return [path for path in self.files if path.endswith(ending)][-1]

    def write(self, directory: str | os.PathLike[str]) -> str:
        """Write what is served into a directory, as a copy of `public/`."""
        for path, data in self.files.items():
            place = os.path.join(directory, *path.split("/"))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as stream:
                stream.write(data)
        return os.fspath(directory)


def _named(version: int, data: bytes, hashed: bool) -> MetaFile:
    return MetaFile.from_data(version, data, ["sha256"]) if hashed else MetaFile(version)


Answer = bytes | int | tuple[int, dict[str, str]] | None


class Site(NamedTuple):
    """A running server: `files` may be changed while it runs, `asked` are the paths it was asked for.

    `answers` replace files: a status, a status with headers, or a function that writes to the connection itself.
    """

    url: str
    files: dict[str, bytes]
    asked: list[str]
    answers: dict[str, int | tuple[int, dict[str, str]] | Callable[[Any], None]]
    ended: threading.Event


@contextlib.contextmanager
def serve(files: Mapping[str, bytes]) -> Iterator[Site]:
    """Serve files on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 1 << 16
        timeout = 20

        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            site.asked.append(path)
            answer = site.answers.get(path)
            if callable(answer):
                self.close_connection = True
                with contextlib.suppress(OSError):
                    answer(self)
                return
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            data = site.files.get(path) if status is None else b""
            self.send_response(status or (404 if data is None else 200))
            for name, value in {**headers, "Content-Length": str(len(data or b""))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: object) -> None:
            """Tests read `asked` instead."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what many tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_address[1]}", dict(files), [], {}, threading.Event())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Endless:
    """A body without an end; `sent` are the bytes that somebody took."""

    def __init__(self) -> None:
        self.sent = 0

    def __call__(self, handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 65536)
            handler.wfile.flush()
            self.sent += 65536


def drip(site: Site) -> Callable[[Any], None]:
    """A body that comes byte by byte and does not end."""

    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "10000")
        handler.end_headers()
        while not site.ended.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return answer


def hang(site: Site) -> Callable[[Any], None]:
    """No answer until the test is over."""

    def answer(_: Any) -> None:
        site.ended.wait(20)

    return answer

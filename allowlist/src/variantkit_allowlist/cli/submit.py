"""Write a vendor's request for approval: one wheel by its digest, its evidence, and what it would need."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import RefusedError
from variantkit.trust.canonical import MAX_WHEEL_BYTES
from variantkit_allowlist.cli.inspect import is_in_order
from variantkit_allowlist.inspection import compare_wheels, inspect_wheel, write_request
from variantkit_allowlist.inspection.change import as_document as change_document
from variantkit_allowlist.inspection.report import as_document
from variantkit_allowlist.inspection.request import MAX_EVIDENCE_BYTES, Previous, Request, embed
from variantkit_allowlist.model import GrantedNeeds
from variantkit_allowlist.statements.needs_file import MAX_NEEDS_BYTES, read_needs
from variantkit_allowlist.store.files import read_file, write_whole

if TYPE_CHECKING:
    import argparse

    from pydantic import JsonValue

    from variantkit.conformance import Report
    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.inspection import Change, Inspection
    from variantkit_allowlist.inspection.catalogue import Catalogue

EXAMPLES = """\
examples:
  variantkit-allowlist submit dist/acme_variant_provider-1.1-py3-none-any.whl --namespace acme \\
    --plugin-api acme_variant_provider --attestation bundle.json --needs needs.toml --run -o request.json \\
    --previous acme_variant_provider-1.0-py3-none-any.whl

In a release workflow, after the wheel was attested and before it is uploaded: whoever keeps a list can then approve the
digest first. Nothing in the request is believed; it saves its reader the asking.
exit codes: 0 written · 1 it would never be approved as it is · 2 wrong usage · 3 it could not be run
"""
SCHEMA = "variantkit.submission/1"
VOLATILE = ("wheel", "seconds", "start_ratio", "machines")
"""What of a conformance report differs from run to run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("wheel", metavar="WHEEL", help="the wheel that will be uploaded")
    add("--namespace", metavar="NS", required=True, help="the namespace that it answers for")
    add("--plugin-api", metavar="REF", action="append", required=True, help="the plugin, MODULE:OBJECT; repeatable")
    add("--attestation", metavar="FILE", action="append", default=[], help="evidence of where it is from; repeatable")
    add("--previous", metavar="WHEEL", help="the version that is approved")
    add("--needs", metavar="FILE", help="TOML or JSON: what it asks to be granted; with --run, by default what it used")
    add("--presence", metavar="GLOB", action="append", default=[], help="is its hardware here; repeatable")
    add("--fingerprint", metavar="GLOB", action="append", default=[], help="has its hardware changed; repeatable")
    add("--reimplements", metavar="PACKAGE", action="append", default=[], help="a package it stands for; repeatable")
    add("--run", dest="ask", action="store_true", help="check its conformance and ask it for its digest: RUNS its code")
    add("-o", "--output", metavar="FILE", required=True, help="where the request is written")


def run(args: argparse.Namespace, world: World) -> int:
    """Write one request."""
    filename = os.path.basename(args.wheel)
    wheel = read_file(args.wheel, MAX_WHEEL_BYTES)
    inspection = inspect_wheel(wheel, filename)
    _require_in_order(inspection, args.plugin_api)
    evidence = tuple(embed(os.path.basename(path), read_file(path, MAX_EVIDENCE_BYTES)) for path in args.attestation)
    needs = read_needs(read_file(args.needs, MAX_NEEDS_BYTES), f"--needs {args.needs}") if args.needs else None
    previous = (read_file(args.previous, MAX_WHEEL_BYTES), os.path.basename(args.previous)) if args.previous else None
    catalogues, report = _run_it(args, world, wheel, previous, needs) if args.ask else ([], None)
    change = _compare(previous, (wheel, filename), catalogues)
    request = Request(
        filename=filename,
        package=inspection.package,
        version=inspection.version,
        sha256=inspection.sha256,
        previous=_previous(change),
        namespace=args.namespace,
        plugin_api=tuple(args.plugin_api),
        configs_sha256=catalogues[0].sha256 if catalogues else None,
        needs=needs or _seen_needs(report),
        presence=tuple(args.presence),
        fingerprint=tuple(args.fingerprint),
        reimplements=tuple(args.reimplements),
        evidence=evidence,
        inspection=_plain(as_document(inspection)),
        diff=_plain(change_document(change)) if change else None,
        conformance=_conformance(report) if report else None,
    )
    data = write_request(request)
    write_whole(args.output, data)
    _print(args, request, hashlib.sha256(data).hexdigest())
    return 0


def _print(args: argparse.Namespace, request: Request, digest: str) -> None:
    if not args.json:
        print_line(f"{args.output}: {request.package} {request.version}, sha256 {request.sha256}")
        return
    said = {"package": request.package, "version": request.version, "sha256": request.sha256}
    data_only = request.diff["data_only"] if request.diff else None
    print_json({"schema": SCHEMA, "request": args.output, "request_sha256": digest, **said, "data_only": data_only})


def _require_in_order(inspection: Inspection, endpoints: list[str]) -> None:
    """Raise RefusedError for a wheel that no list could ever name, so that its vendor hears of it first."""
    from variantkit.trust.members import has_module

    if not is_in_order(inspection):
        reason = next(text for text in (inspection.canonical, *inspection.record, *inspection.bill.problems) if text)
        raise RefusedError(f"{inspection.filename}: no list can approve it: {reason}; build it anew")
    names = tuple(file.path for file in inspection.files)
    for endpoint in endpoints:
        if not has_module(names, endpoint.partition(":")[0]):
            raise RefusedError(f"{inspection.filename}: --plugin-api {endpoint}: the wheel has no such module")


def _run_it(
    args: argparse.Namespace,
    world: World,
    wheel: bytes,
    previous: tuple[bytes, str] | None,
    needs: GrantedNeeds | None,
) -> tuple[list[Catalogue], Report]:
    """Ask the wheel, and the one before, for what they list, and check the wheel's conformance."""
    from variantkit.conformance import Options, check_provider
    from variantkit.trust import Needs
    from variantkit_allowlist.inspection.catalogue import ask_catalogue, require_running

    require_running(world.environ, "submit --run")
    print_note(f"variantkit-allowlist: running the code of {args.wheel} in child processes of this user")
    declared = Needs(**needs.model_dump()) if needs is not None else None
    options = Options(endpoint=args.plugin_api[0], namespace=args.namespace, declared=declared, start_ratio=0)
    report = check_provider(args.wheel, options, _progress)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if not report.passed:
        broken = next(finding for finding in report.findings if finding.severity == "error")
        fix = f"`variantkit provider check {args.wheel}` names every law that it breaks"
        raise RefusedError(f"{args.wheel}: it does not conform ({broken.clause}: {broken.message}); {fix}")
    asked = [wheel, *([previous[0]] if previous else [])]
    return [ask_catalogue(data, args.plugin_api[0], environ=world.environ) for data in asked], report


def _progress(done: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rvariantkit-allowlist: {done} machines asked ")
        sys.stderr.flush()


def _compare(previous: tuple[bytes, str] | None, new: tuple[bytes, str], catalogues: list[Catalogue]) -> Change | None:
    if previous is None:
        return None
    grows = None
    if catalogues:
        from variantkit_allowlist.inspection.catalogue import catalogue_grows

        grows = catalogue_grows(catalogues[1], catalogues[0])
    return compare_wheels(previous[0], new[0], previous[1], new[1], grows=grows)


def _previous(change: Change | None) -> Previous | None:
    if change is None:
        return None
    return Previous(filename=change.old.filename, version=change.old.version, sha256=change.old.sha256)


def _seen_needs(report: Report | None) -> GrantedNeeds:
    return GrantedNeeds(**report.needs.granted()._asdict()) if report else GrantedNeeds()


def _conformance(report: Report) -> dict[str, JsonValue]:
    """A conformance report without what differs from run to run, so that the same wheel makes the same request."""
    from variantkit.conformance.report import as_document as conformance_document

    document = conformance_document(report)
    return {
        **_plain({key: value for key, value in document.items() if key not in VOLATILE}),
        "machines": len(report.runs),
    }


def _plain(document: dict[str, object]) -> dict[str, JsonValue]:
    """A document as JSON has it: lists for tuples."""
    import json

    made: dict[str, JsonValue] = json.loads(json.dumps(document))
    return made

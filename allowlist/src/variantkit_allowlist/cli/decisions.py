"""Decisions as `approve` and `renew` make them: evidence verified from the list's own root, then everything else."""

from __future__ import annotations

import datetime
import json
import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.cli.terminal import GREEN, RED, print_json, print_line, print_note, print_styled
from variantkit.errors import InputError
from variantkit.trust.dates import format_date
from variantkit_allowlist.curation.candidate import date_of
from variantkit_allowlist.curation.decision import Case, blockers_told, decide_approval
from variantkit_allowlist.curation.grants import compare_needs, previous_needs
from variantkit_allowlist.curation.history import revocations_of
from variantkit_allowlist.curation.running import with_catalogue, without_catalogue
from variantkit_allowlist.inspection.catalogue import require_running
from variantkit_allowlist.provenance import Evidence, gather_evidence, judge_evidence, read_material, read_trust_root
from variantkit_allowlist.provenance.material import MaterialError
from variantkit_allowlist.store.files import read_file
from variantkit_allowlist.store.wheels import ATTESTATION_SUFFIXES, KEY_SUFFIX
from variantkit_allowlist.verdict import as_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from variantkit.trust import Revocation
    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.curation.dossier import Dossier
    from variantkit_allowlist.inspection import Request
    from variantkit_allowlist.model import Approval, Ledger
    from variantkit_allowlist.provenance import Attestation, WheelFile
    from variantkit_allowlist.store import ListDirectory
    from variantkit_allowlist.verdict import Provenance, Verdict


class Decided(NamedTuple):
    """A verdict with what it was made from."""

    case: Case
    verdict: Verdict
    dossier: Dossier


def add_running_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that say what of a provider or of its build may run here."""
    add = parser.add_argument
    add("--no-run", action="store_true", help="run nothing of it; needs --configs-sha256, and closes the fast lane")
    add("--configs-sha256", metavar="HEX", help="the digest of get_all_configs, as a request has it")
    add("--rebuild", metavar="GIT@COMMIT[#subdirectory=DIR]", help="build it and compare; RUNS THE BUILD'S CODE")
    add("--attestation", metavar="FILE", action="append", help="evidence, instead of what lies beside the wheel")


def verify_origin(
    directory: ListDirectory, wheel: WheelFile, evidence: Evidence, args: argparse.Namespace, world: World
) -> tuple[Provenance, str]:
    """Where a wheel comes from, by the list's pinned Sigstore root alone, and the sha256 of that root.

    An earlier verdict counts for nothing: it may have been made from another root.
    """
    from variantkit_allowlist.cli.verify import rebuild_when_asked

    root = read_trust_root(directory.trust_root_path)
    ledger = directory.ledger
    provenance = judge_evidence(
        wheel,
        ledger.packages.get(wheel.package),
        ledger.policy,
        root,
        world.now(),
        evidence,
        rebuilt=rebuild_when_asked(args, world, wheel, directory),
    )
    return provenance, root.sha256


def parse_expiry(text: str | None, ledger: Ledger, now: int) -> datetime.date:
    """The end of an approval: the day given, else the last that the policy allows."""
    if text is None:
        return date_of(now) + datetime.timedelta(days=ledger.policy.approval_days)
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--expires {text!a}: expected a date such as 2027-06-01") from None


def find_evidence(paths: tuple[str, ...], named: list[str] | None) -> tuple[Evidence, dict[str, bytes]]:
    """The evidence that was named, else beside the first of these wheel paths that has any; and its bytes by suffix."""
    for path in paths:
        evidence = gather_evidence(path, named)
        if evidence != Evidence():
            return evidence, _bytes_of(path, evidence, named)
    return Evidence(), {}


def _bytes_of(path: str, evidence: Evidence, named: list[str] | None) -> dict[str, bytes]:
    """What is to be kept of it: files beside the wheel as they are, named ones as one file of JSON lines."""
    found = {KEY_SUFFIX: evidence.envelope} if evidence.envelope is not None else {}
    beside = [suffix for suffix in ATTESTATION_SUFFIXES if os.path.isfile(path + suffix)]
    if named is None and beside:
        return {**found, **{suffix: read_file(path + suffix, 4 << 20) for suffix in beside}}
    lines = [json.dumps(item.document, separators=(",", ":")).encode() + b"\n" for item in evidence.material]
    return {**found, **({".sigstore.json": b"".join(lines)} if lines else {})}


def evidence_of_request(request: Request) -> tuple[Evidence, dict[str, bytes]]:
    """The evidence that a request carries, unverified; and its bytes by suffix."""
    envelope: bytes | None = None
    material: list[Attestation] = []
    for name, data in request.evidence_bytes().items():
        if name.endswith(KEY_SUFFIX):
            envelope = data
            continue
        try:
            material.extend(read_material(data, name))
        except MaterialError as error:
            return Evidence((), envelope, str(error)), {}
    evidence = Evidence(tuple(material), envelope)
    return evidence, _bytes_of("", evidence, [])


def decide(
    directory: ListDirectory,
    dossier: Dossier,
    origin: tuple[Provenance, str],
    args: argparse.Namespace,
    world: World,
    foreign: tuple[Revocation, ...] = (),
    ledger: Ledger | None = None,
) -> Decided:
    """Decide; the provider is run once nothing else is in the way, and never before."""
    provenance, root = origin
    ledger = directory.ledger if ledger is None else ledger
    if args.no_run:
        candidate = without_catalogue(dossier.candidate, args.configs_sha256)
        dossier = dossier._replace(candidate=candidate)
    case = dossier.case(ledger, provenance, root, foreign)
    verdict = decide_approval(case, world.now())
    if not verdict.allowed or args.no_run:
        if verdict.allowed and args.configs_sha256 is None:
            raise InputError("--no-run: give the digest of get_all_configs too: --configs-sha256 HEX")
        return Decided(case, verdict, dossier)
    endpoint = ledger.packages[dossier.candidate.package].plugin_api[0]
    base = dossier.candidate.base
    also = f" and of the approved {base.version}" if base is not None and base.data_only else ""
    what = f"get_all_configs of {dossier.wheel.filename}{also} ({endpoint})"
    require_running(world.environ, "approve")
    print_note(f"running {what} on this machine, in a process of its own")
    dossier = dossier._replace(candidate=with_catalogue(dossier, endpoint, world.environ))
    case = dossier.case(ledger, provenance, root, foreign)
    return Decided(case, decide_approval(case, world.now()), dossier)


def tell(decided: Decided, entry: Approval | None, args: argparse.Namespace) -> None:
    """Print a decision, and with --json the entry that came of it."""
    if not args.json:
        _show(decided)
        return
    written = None if entry is None else entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    print_json({**as_json(decided.verdict), **_told(decided), "dry-run": args.dry_run, "entry": written})


def _told(decided: Decided) -> Mapping[str, object]:
    """What `--json` says beside the verdict: the change, the needs, and the reviews that are none."""
    case, dossier = decided.case, decided.dossier
    before = previous_needs(case.ledger, case.candidate, revocations_of(case.ledger, case.foreign))
    granted, withdrawn = compare_needs(before, case.candidate.needs)
    base = case.candidate.base
    return {
        "change": None if base is None else {"from": base.version, "data-only": base.data_only},
        "needs": {"granted": granted, "withdrawn": withdrawn},
        "watched": {"presence": list(case.candidate.presence), "fingerprint": list(case.candidate.fingerprint)},
        "reviews": [kept.sha256 for kept in dossier.reviews],
        "refused-reviews": list(dossier.refused),
        "configs-sha256": case.candidate.configs_sha256,
    }


def _show(decided: Decided) -> None:
    """Print a verdict for a person: what the wheel is, what it would be granted, and everything that is in the way."""
    case, verdict = decided.case, decided.verdict
    print_styled(f"{case.candidate.filename}: {'yes' if verdict.allowed else 'no'}", GREEN if verdict.allowed else RED)
    print_line(f"  sha256 {verdict.sha256}")
    print_line(f"  evidence: {_origin(verdict.provenance)}")
    base = case.candidate.base
    if base is not None:
        kind = "data alone" if base.data_only else "more than data"
        print_line(f"  changed since {base.version}: {kind}" + (f" ({base.reasons[0]})" if base.reasons else ""))
    before = previous_needs(case.ledger, case.candidate, revocations_of(case.ledger, case.foreign))
    for sign, lines in zip("+-", compare_needs(before, case.candidate.needs), strict=True):
        for line in lines:
            print_line(f"  needs: {sign} {line}")
    for kind, paths in (("presence", case.candidate.presence), ("fingerprint", case.candidate.fingerprint)):
        for path in paths:
            print_line(f"  {kind}: {path}")
    for review in case.reviews:
        start = f" of the change from {review.delta_from}" if review.delta_from else ""
        print_line(f"  {review.who}: {', '.join(review.criteria)}{start}")
    for sentence in decided.dossier.refused:
        print_note(f"does not count: {sentence}")
    for line in blockers_told(verdict.blockers):
        print_line(f"  {line}")


def _origin(provenance: Provenance) -> str:
    if not provenance.verified:
        return f"none ({provenance.code}: {provenance.detail})"
    identity = provenance.identity
    by = f"{identity.repository or identity.subject} {identity.workflow} {identity.ref}".strip()
    logged = "" if provenance.logged is None else f", logged {format_date(provenance.logged)}"
    return f"{provenance.evidence} {by}{logged}".strip()

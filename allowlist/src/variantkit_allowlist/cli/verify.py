"""Say who made a provider wheel, and whether the list admits it.

Without --ref, refs of pull requests are refused; without --trigger, events that strangers can cause are
(pull_request*, workflow_run, issues and the like). Attestations are taken from --attestation, else from beside the
wheel (.provenance, .publish.attestation, .slsa.attestation, .attestation, .sigstore.json, .sigstore), else from the
index. All of those found must verify.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from variantkit.cli.terminal import GREEN, RED, print_json, print_line, print_styled
from variantkit.errors import InputError
from variantkit_allowlist.verdict import Blocker, Provenance, Verdict, as_json

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.model import IdentityRule
    from variantkit_allowlist.provenance import Evidence, WheelFile
    from variantkit_allowlist.store import ListDirectory

_BY_HAND = ("repository", "workflow", "ref", "repository_id", "owner_id", "trigger", "runner", "issuer", "signer")


class _Target(NamedTuple):
    """What is judged: a wheel and what was found for it."""

    wheel: WheelFile
    evidence: Evidence


EXAMPLES = """\
examples:
  variantkit-allowlist verify WHEEL --repository acme/provider --workflow release.yml     by hand
  variantkit-allowlist verify WHEEL --list list                                          by a list's own rules
  variantkit-allowlist verify acme-variant-provider==1.0 --index-url https://index.example/simple --list list
  variantkit-allowlist verify WHEEL --rebuild https://github.com/acme/provider@COMMIT     runs the build's code
exit codes: 0 yes · 1 no · 2 wrong usage, no such file, an unusable root · 3 an index did not answer
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    told = "a wheel's path, or a release on the index"
    parser.add_argument("target", metavar="WHEEL|NAME==VERSION", nargs="?", help=told)
    add_many = partial(parser.add_argument, action="extend", nargs="+")
    add_many("--attestation", metavar="FILE", help="Sigstore bundles, PEP 740 attestations or provenance objects")
    add_many("--predicate", metavar="publish|slsa", help="an attestation of this kind must be there")
    add = parser.add_argument
    add("--list", metavar="DIR", help="judge by this list (default: the current directory, where it is one)")
    add("--index-url", metavar="URL", help="the index to ask for the wheel, or for its attestations")
    add("--trust-root", metavar="FILE", help="a Sigstore trusted_root.json; with a list its verdict approves nothing")
    hand = parser.add_argument_group("identity by hand, without a list")
    add = hand.add_argument
    add("--repository", metavar="OWNER/NAME|URL", help="the repository whose workflow must have attested it")
    add("--workflow", metavar="FILE.yml", help="the workflow that was started, such as release.yml")
    add("--ref", metavar="PATTERN", help="the git ref, such as 'refs/tags/v*' (default: any but pull requests')")
    add("--repository-id", metavar="N", help="the repository's number, which a repository made anew has not")
    add("--owner-id", metavar="N", help="its owner's number")
    add("--trigger", metavar="T", action="append", help="the event (default: any that strangers cannot cause)")
    add("--runner", metavar="CLASS", help="the class of runner, such as github-hosted")
    add("--issuer", metavar="URL", help="the identity provider (default: GitHub Actions)")
    add("--signer", metavar="URI", help="the reusable workflow that signed, when it lies in another repository")
    add = parser.add_argument
    add("--rebuild", metavar="GIT@COMMIT[#subdirectory=DIR]", help="build it and compare; RUNS THE BUILD'S CODE")


def run(args: argparse.Namespace, world: World) -> int:
    """Judge and print; 0 verified or allowed, 1 not."""
    args.target = args.target or _last_word(args)
    rule, opened = _rule_by_hand(args), None
    if rule is None:
        opened = _find_list(args.list)
    if rule is None and opened is None and args.rebuild is None:
        raise InputError(
            "nobody says who may publish it: give --repository OWNER/NAME --workflow FILE.yml, --rebuild GIT@COMMIT,"
            " or --list DIR"
        )
    target = _find_target(args, world, opened)
    verdict = _judge(args, world, target, rule, opened)
    if args.json:
        print_json(as_json(verdict))
    else:
        _print_verdict(target.wheel, verdict)
    return 0 if verdict.allowed else 1


def _last_word(args: argparse.Namespace) -> str:
    """The target, when it stands behind an option that takes several words: `--attestation FILE FILE WHEEL`."""
    for words in (args.attestation, args.predicate):
        if words and len(words) > 1 and (words[-1].endswith(".whl") or "==" in words[-1]):
            return str(words.pop())
    raise InputError("expected what to verify: the path of a wheel, or NAME==VERSION")


def _judge(
    args: argparse.Namespace,
    world: World,
    target: _Target,
    rule: IdentityRule | None,
    opened: ListDirectory | None,
) -> Verdict:
    rebuilt = rebuild_when_asked(args, world, target.wheel, opened)
    if opened is not None:
        return _judge_by_list(args, world, target, opened, rebuilt)
    provenance = rebuilt
    if rule is not None and (rebuilt is None or rebuilt.verified):
        provenance = _judge_by_hand(args, world, target, rule)
    return _verdict_by_hand(target.wheel, provenance or Provenance(False, "not-attested", "nothing was asked"))


def _rule_by_hand(args: argparse.Namespace) -> IdentityRule | None:
    """The rule that the options spell out; None when they spell none."""
    from variantkit_allowlist.model import IdentityRule
    from variantkit_allowlist.provenance.rules import repository_url

    given = {name: getattr(args, name) for name in _BY_HAND if getattr(args, name) is not None}
    if not given:
        return None
    if args.list is not None:
        raise InputError(f"--list and --{next(iter(given)).replace('_', '-')}: a list has its own rules; leave one out")
    if not args.repository or not args.workflow:
        raise InputError("identity by hand takes both --repository OWNER/NAME and --workflow FILE.yml")
    given["repository"] = repository_url(args.repository)
    if given["repository"].count("/") < 4 or not given["repository"].isascii():
        raise InputError(f"--repository {args.repository!a}: expected OWNER/NAME on GitHub, or the repository's URL")
    given["trigger"] = tuple(args.trigger or ())
    return IdentityRule(**{"ref": "*", **given})


def _find_list(named: str | None) -> ListDirectory | None:
    from variantkit_allowlist.store import LEDGER_FILE, open_list

    if named is None and not os.path.lexists(LEDGER_FILE):
        return None
    return open_list(named or ".")


def _find_target(args: argparse.Namespace, world: World, opened: ListDirectory | None) -> _Target:
    """The wheel and its evidence: named, else beside it, else kept in the list, else from the index."""
    from variantkit_allowlist.index import Index, configured_index, parse_release
    from variantkit_allowlist.provenance import gather_evidence, read_wheel_file

    if args.target.endswith(".whl") or os.path.lexists(args.target):
        wheel = read_wheel_file(args.target)
        evidence = gather_evidence(args.target, args.attestation)
        if opened is not None and not _is_any(evidence):
            evidence = gather_evidence(opened.wheel_path(wheel.filename))
        if args.index_url is not None and not _is_any(evidence):
            with Index(args.index_url, world.environ) as index:
                file = index.file(wheel)
                evidence = index.evidence(wheel, file) if file is not None else evidence
        return _Target(wheel, evidence)
    name, version = parse_release(args.target)
    with Index(args.index_url or configured_index(world.environ), world.environ) as index:
        wheel, file = index.wheel(name, version)
        named = gather_evidence(wheel.filename, args.attestation) if args.attestation else None
        evidence = named or index.evidence(wheel, file)
    if opened is not None and not _is_any(evidence):
        evidence = gather_evidence(opened.wheel_path(wheel.filename))
    return _Target(wheel, evidence)


def _is_any(evidence: Evidence) -> bool:
    return bool(evidence.material or evidence.envelope or evidence.problem)


def _predicates(args: argparse.Namespace) -> tuple[str, ...]:
    from variantkit_allowlist.provenance.statement import SLSA, publish_type

    kinds = {"publish": publish_type(), "slsa": SLSA} if args.predicate else {}
    for kind in args.predicate or ():
        if kind not in kinds:
            raise InputError(f"--predicate {kind!a}: expected publish or slsa")
    return tuple(kinds[kind] for kind in args.predicate or ())


def _judge_by_hand(args: argparse.Namespace, world: World, target: _Target, rule: IdentityRule) -> Provenance:
    from variantkit_allowlist.provenance import read_trust_root, verify_identity

    trust_root = read_trust_root(args.trust_root)
    if target.evidence.problem:
        return Provenance(False, "malformed", target.evidence.problem, trust_root=trust_root.sha256)
    return verify_identity(
        target.evidence.material,
        target.wheel.filename,
        target.wheel.sha256,
        [rule],
        trust_root,
        world.now(),
        predicates=_predicates(args),
    )


def _verdict_by_hand(wheel: WheelFile, provenance: Provenance) -> Verdict:
    code, detail = provenance.code, provenance.detail
    if wheel.problem:
        code, detail = "wheel-not-canonical", f"{wheel.filename} is no canonical wheel: {wheel.problem}"
    blockers = () if code == "ok" else (Blocker(code, detail),)
    return Verdict(not blockers, code, detail, wheel.package, wheel.version, wheel.sha256, provenance, blockers)


def _judge_by_list(
    args: argparse.Namespace, world: World, target: _Target, opened: ListDirectory, rebuilt: Provenance | None
) -> Verdict:
    import hashlib

    from variantkit_allowlist.curation.listed import judge_listed
    from variantkit_allowlist.imports import foreign_revocations
    from variantkit_allowlist.provenance import judge_evidence, read_trust_root
    from variantkit_allowlist.store.files import read_file

    wheel, ledger, now = target.wheel, opened.ledger, world.now()
    provenance = judge_evidence(
        wheel,
        ledger.packages.get(wheel.package),
        ledger.policy,
        read_trust_root(args.trust_root or opened.trust_root_path),
        now,
        target.evidence,
        rebuilt=rebuilt,
        predicates=_predicates(args),
    )
    pinned = hashlib.sha256(read_file(opened.trust_root_path, 1 << 20)).hexdigest()
    foreign = foreign_revocations(opened)
    return judge_listed(ledger, wheel, provenance, now, pinned_root=pinned, foreign=foreign)


def rebuild_when_asked(
    args: argparse.Namespace, world: World, wheel: WheelFile, opened: ListDirectory | None
) -> Provenance | None:
    """What --rebuild says; None without it. With a list, only from the source that the list names."""
    if args.rebuild is None:
        return None

    from variantkit.cli.terminal import print_note
    from variantkit_allowlist.inspection.catalogue import require_running
    from variantkit_allowlist.provenance import parse_source, rebuild

    require_running(world.environ, "--rebuild")
    source = parse_source(args.rebuild)
    package = opened.ledger.packages.get(wheel.package) if opened is not None else None
    if opened is not None and (package is None or package.source is None):
        return Provenance(False, "no-rule", f"the list names no source of {wheel.package} to rebuild it from")
    if package is not None and source.git.removesuffix("/") != str(package.source).removesuffix("/"):
        detail = f"the list has {package.source} as the source of {wheel.package}, not {source.git}"
        return Provenance(False, "repository-mismatch", detail)
    print_note(f"building {wheel.filename} from {source.git} at {source.commit}: this runs the code of its build")
    return rebuild(source, wheel.filename, wheel.sha256, world.environ)


def _print_verdict(wheel: WheelFile, verdict: Verdict) -> None:
    provenance = verdict.provenance
    print_styled(f"{wheel.filename}: {'yes' if verdict.allowed else 'no'}, {verdict.code}", _style(verdict))
    print_line(f"  {verdict.detail}")
    for blocker in verdict.blockers:
        fix = f" ({blocker.fix})" if blocker.fix else ""
        if blocker.detail != verdict.detail or fix:
            print_line(f"  {blocker.code}: {blocker.detail}{fix}")
    print_line(f"  sha256 {verdict.sha256}")
    print_line(f"  provenance: {provenance.code}" + (f", {provenance.detail}" if _is_news(verdict) else ""))
    for name, value in provenance.identity.model_dump(by_alias=True).items():
        if value:
            print_line(f"    {name}: {value}")
    for predicate in provenance.predicates:
        print_line(f"    states: {predicate}")
    if provenance.logged is not None:
        from variantkit.trust.dates import format_date

        print_line(f"    logged: {format_date(provenance.logged)}")
    if provenance.trust_root:
        print_line(f"    Sigstore root: sha256 {provenance.trust_root}")


def _is_news(verdict: Verdict) -> bool:
    """Whether the provenance says something that was not said already."""
    return verdict.provenance.detail not in {verdict.detail, *(blocker.detail for blocker in verdict.blockers)}


def _style(verdict: Verdict) -> str:
    return GREEN if verdict.allowed else RED

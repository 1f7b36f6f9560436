"""The verbs of who builds and publishes wheels: `wheel` and `index`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.cli.help import add_parser
from variantkit.cli.options import add_common_options, add_deciding_options, read_machine
from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from variantkit.variants.grammar import Feature, Property
    from variantkit.variants.metadata import Metadata

WHEEL_EXAMPLES = """\
A variant wheel is a plain wheel with a label in its file name and a variant.json inside. The project's
pyproject.toml says once what its variants are:

  [variant.default-priorities]
  namespace = ["x86_64"]                    # most important first

  [variant.providers.x86_64]
  requires = ["x86-64-variant-provider"]    # asked at install time what the machine supports

  [variant.variants.x86_64_v3]              # the label, and its properties
  x86_64.level = ["v3"]

Build the wheel with the compiler flags of each variant, then label it:

  variantkit wheel label dist/foo-1.0-cp312-cp312-linux_x86_64.whl --label x86_64_v3 -o wheelhouse
  variantkit index wheelhouse
"""
LABEL_EXAMPLES = """\
examples:
  variantkit wheel label foo-1.0-cp312-cp312-linux_x86_64.whl --label x86_64_v3
      properties from [variant.variants.x86_64_v3] of ./pyproject.toml
  variantkit wheel label foo-1.0-py3-none-any.whl --label mkl --property 'blas_lapack :: library :: mkl'
  variantkit wheel label foo-1.0-py3-none-any.whl --label null
      the fallback of machines that support no other variant
  variantkit wheel label foo-1.0-py3-none-any.whl --all -o wheelhouse
      one wheel for every label of the metadata, all with the same code

The plain wheel stays as it is. The new one differs from it by variant.json and RECORD alone, so
'variantkit wheel unlabel' gives the plain wheel back.
"""
UNLABEL_EXAMPLES = """\
example:
  variantkit wheel unlabel foo-1.0-cp312-cp312-linux_x86_64-x86_64_v3.whl -o plain
      plain/foo-1.0-cp312-cp312-linux_x86_64.whl, for an installer that knows no variants
"""
SHOW_EXAMPLES = """\
example:
  variantkit wheel show foo-1.0-cp312-cp312-linux_x86_64-x86_64_v3.whl
      label, properties, providers, and where the wheel contradicts itself (then the exit code is 1)
"""
INDEX_EXAMPLES = """\
example:
  variantkit index wheelhouse       # again after every wheel that is added: only what changed is written

then, from that directory:
  uv pip install --preview-features wheel-variants --find-links wheelhouse foo
  pip install --index-url file:///srv/wheelhouse/simple foo     the plain wheel
  python -m http.server -d wheelhouse                           an index at http://localhost:8000/simple
  variantkit install foo --index-url http://localhost:8000/simple

Wheels may lie in the directory itself or in folders right below it. A broken wheel, or two that disagree
about a label or a provider, is an error that names the files; nothing is written then.
"""


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], verb: str, summary: str) -> None:
    """Add one of this room's verbs to the program."""
    parser = add_parser(verbs, verb, summary, WHEEL_EXAMPLES if verb == "wheel" else INDEX_EXAMPLES)
    if verb == "index":
        parser.add_argument("directory", metavar="DIR", help="a directory of wheels (and sdists)")
        _finish(parser, index)
        return
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_label(actions)
    parser = add_parser(actions, "unlabel", "make the plain wheel that a variant wheel was made of", UNLABEL_EXAMPLES)
    parser.add_argument("wheel", metavar="WHEEL", help="a variant wheel")
    _add_output(parser)
    _finish(parser, unlabel)
    parser = add_parser(actions, "show", "what a wheel says of itself, and where it contradicts itself", SHOW_EXAMPLES)
    parser.add_argument("wheel", metavar="WHEEL", help="a wheel, plain or variant")
    _finish(parser, show)


def _add_label(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = add_parser(actions, "label", "make the variant wheel of a plain wheel", LABEL_EXAMPLES)
    parser.add_argument("wheel", metavar="WHEEL", help="a plain wheel")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--label", metavar="LABEL", help="the variant's label, of a-z 0-9 _ and .")
    which.add_argument("--all", action="store_true", help="one wheel for every label of the metadata")
    parser.add_argument(
        "--property",
        metavar="'NS :: FEATURE :: VALUE'",
        action="append",
        default=[],
        help="a property of the label, repeatable; without any, the metadata's variants say them",
    )
    parser.add_argument(
        "--metadata",
        metavar="FILE",
        default="pyproject.toml",
        help="a pyproject.toml with a table [variant], a variant.json or a variants.json; default: ./pyproject.toml",
    )
    _add_output(parser)
    add_deciding_options(parser)
    _finish(parser, label)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="DIR", help="where the result goes; default: beside WHEEL")


def _finish(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    add_common_options(parser)
    parser.set_defaults(run=run)


def label(args: argparse.Namespace) -> int:
    """`wheel label`: write the variant wheel, or one for each label of the metadata."""
    from variantkit.variants.labelling import label_wheel, variant_document
    from variantkit.variants.seed import load_seed

    seed = load_seed(args.metadata, lambda *wanted: _ask_at_build_time(args, *wanted))
    wanted = _wanted_labels(args, seed)
    for name, properties in wanted.items():
        variant_document(name, properties, seed)  # all of them before the first is written
    _note_lost_priorities(seed)
    output = _output(args)
    paths = [label_wheel(args.wheel, output, name, properties, seed) for name, properties in wanted.items()]
    return _print_written(args, paths)


def _ask_at_build_time(
    args: argparse.Namespace, namespace: str, build_requires: tuple[str, ...], plugin_api: str | None
) -> tuple[Feature, ...]:
    """Ask the provider of a namespace that has `build-requires` for its static properties.

    The draft trusts whatever a project names here; the gate stands in front of it all the same.
    """
    from variantkit.machine.supported import PRESENT
    from variantkit.variants.metadata import ProviderInfo

    answer = read_machine(args).decide({namespace: ProviderInfo(build_requires, plugin_api)})[namespace]
    if answer.status != PRESENT:
        said = [answer.code, answer.detail, *(f"{code}: {text}" for code, text in answer.diagnostics)]
        reason = ": ".join(part for part in said if part)
        raise InputError(f"{args.metadata}: [variant.providers.{namespace}] build-requires: {answer.status}: {reason}")
    if not answer.all_compatible:
        # Building draft, "Populating static properties from provider plugins", step 1.
        raise InputError(
            f"{args.metadata}: [variant.providers.{namespace}] build-requires: expected a provider that answers the "
            "same on every machine (all_properties_compatible), found one that does not; write requires instead"
        )
    return answer.features


def _wanted_labels(args: argparse.Namespace, seed: Metadata) -> Mapping[str, list[Property]]:
    from variantkit.variants.grammar import NULL_LABEL, parse_property

    if args.all:
        if args.property or not seed.variants:
            found = "--property too" if args.property else "none"
            raise InputError(f"--all: expected the labels of [variant.variants] in {args.metadata}, found {found}")
        return {name: _listed_properties(seed, name) for name in seed.variants}
    if args.property:
        return {args.label: [parse_property(text) for text in args.property]}
    if args.label not in seed.variants and args.label != NULL_LABEL:
        known = ", ".join(seed.variants) or "none"
        raise InputError(
            f"--label {args.label}: expected a label of [variant.variants] in {args.metadata} ({known}); "
            "add it there, or give --property"
        )
    return {args.label: _listed_properties(seed, args.label)}


def _listed_properties(seed: Metadata, name: str) -> list[Property]:
    from variantkit.variants.grammar import Property

    return [
        Property(namespace, feature, value)
        for namespace, features in seed.variants.get(name, {}).items()
        for feature, values in features.items()
        for value in values
    ]


def _note_lost_priorities(seed: Metadata) -> None:
    """Say which preferences of the draft have no place in a wheel that today's installers read."""
    named = {*seed.feature_priorities, *seed.property_priorities}
    lost = sorted(name for name in named if name in seed.providers and seed.providers[name].static is None)
    if lost:
        print_note(
            f"variantkit: default-priorities.feature and .property of {', '.join(lost)} are left out: "
            "no installer reads them, the provider decides the order"
        )


def unlabel(args: argparse.Namespace) -> int:
    """`wheel unlabel`: write the plain wheel."""
    from variantkit.variants.labelling import unlabel_wheel

    return _print_written(args, [unlabel_wheel(args.wheel, _output(args))])


def _output(args: argparse.Namespace) -> str:
    return str(args.output) if args.output else os.path.dirname(args.wheel)


def _print_written(args: argparse.Namespace, paths: list[str]) -> int:
    from variantkit.variants.description import digest_file

    if args.json:
        wheels = [{"path": path, "sha256": digest_file(path)} for path in paths]
        print_json({"schema": "variantkit.wheels/1", "wheels": wheels})
    else:
        for path in paths:
            print_line(path)
    return 0


def show(args: argparse.Namespace) -> int:
    """`wheel show`: describe a wheel; 1 when it contradicts itself."""
    from variantkit.variants.description import describe_wheel

    described = describe_wheel(args.wheel)
    if args.json:
        print_json({"schema": "variantkit.wheel/1", **described.as_json()})
    else:
        for line in described.lines():
            print_line(line)
    return 1 if described.problems else 0


def index(args: argparse.Namespace) -> int:
    """`index`: write the index of a directory."""
    from variantkit.index.pages.tree import write_index

    summary = write_index(args.directory)
    if args.json:
        print_json({"schema": "variantkit.index/1", **summary._asdict()})
        return 0
    print_line(
        f"{summary.directory}: {len(summary.projects)} project(s), {summary.wheels} wheel(s), "
        f"{len(summary.variants_json)} variants.json; {len(summary.written)} file(s) written"
    )
    for path in summary.variants_json:
        print_line(f"  {path}")
    for path in summary.removed:
        print_note(f"variantkit: removed {path}: the project has no file here any more")
    for path in summary.stale:
        print_note(f"variantkit: {path} describes no wheel that is here; delete it if it is not needed")
    return 0

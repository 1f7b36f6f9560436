"""`provider capture`: what a provider reads on this machine, as a file; and such a file as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.cli.help import add_parser
from variantkit.cli.options import add_common_options, add_deciding_options, read_machine
from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import InputError

if TYPE_CHECKING:
    import argparse

    from variantkit.machine.capture import Capture, Circumstances

EXAMPLES = """\
examples:
  variantkit provider capture nvidia -o capture.json        for a bug report, or as a test of the provider
  variantkit provider capture acme -o capture.json --provider-wheels dist --approved mine.json
  variantkit provider capture --unpack capture.json machine
  python -m acme_variant_provider --root machine            the answer of the captured machine, here

A capture is plain JSON: the files, device names and tool outputs that the provider read, and its answer.
Serial numbers, UUIDs, hardware addresses, user, host and home names are taken out. Look at it before you send it.

exit codes: 1 the provider may not run · 2 wrong usage · 3 it gives no answer, or cannot tell what it read
"""


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to the verb `provider`."""
    parser = add_parser(actions, "capture", "write down what a provider reads on this machine", EXAMPLES)
    parser.add_argument("namespace", metavar="NAME", nargs="?", help="the namespace whose approved provider is asked")
    parser.add_argument("-o", "--output", metavar="FILE", help="the file to write, which must not exist")
    parser.add_argument(
        "--unpack", metavar=("FILE", "DIR"), nargs=2, help="write a capture's files below DIR, for PROVIDER --root DIR"
    )
    add_deciding_options(parser)
    add_common_options(parser)
    parser.set_defaults(run=capture)


def capture(args: argparse.Namespace) -> int:
    """`provider capture`: take one, or unpack one."""
    if args.unpack:
        if args.namespace or args.output:
            raise InputError("provider capture --unpack FILE DIR: expected neither NAME nor -o with it")
        return _unpack(args, *args.unpack)
    if not args.namespace or not args.output:
        raise InputError("provider capture: expected NAME and -o FILE, or --unpack FILE DIR")
    from variantkit.machine.capture import save_capture, take_capture

    taken = take_capture(read_machine(args), args.namespace, _circumstances())
    save_capture(taken, args.output)
    _print_taken(args, taken)
    return 0


def _circumstances() -> Circumstances:
    """What surrounds the question on this machine, and whose names a capture must not hold."""
    import getpass
    import os
    import platform
    import sys
    import sysconfig
    import time

    from variantkit.machine.capture import Circumstances
    from variantkit.runner.environment import WINDOWS_VARIABLES, child_environment

    try:
        users: tuple[str, ...] = (getpass.getuser(),)
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        users = ()
    host = platform.node()
    bits = "64-bit" if sys.maxsize > 2**32 else "32-bit"
    seen = child_environment(os.environ)
    return Circumstances(
        created=time.strftime("%Y-%m-%d", time.gmtime()),
        python=f"{platform.python_version()} {platform.python_implementation()} {bits}",
        platform=sysconfig.get_platform(),
        variables={name: value for name, value in seen.items() if name not in WINDOWS_VARIABLES},
        users=users,
        hosts=(host, host.partition(".")[0]),
        homes=(os.path.expanduser("~"),),
    )


def _print_taken(args: argparse.Namespace, taken: Capture) -> None:
    sources = taken.document["sources"]
    if taken.left_out:
        print_note(f"variantkit: warning: {taken.left_out} sources are left out, since they are too long together")
    if args.json:
        summary = {
            "file": args.output,
            "namespace": args.namespace,
            "provider": taken.document["provider"],
            "sources": [{"path": source["path"], "characters": len(source["text"])} for source in sources],
            "redacted": dict(taken.redacted),
            "left_out": taken.left_out,
        }
        print_json({"schema": "variantkit.captured/1", **summary})
        return
    print_line(f"{args.output}: what {taken.document['provider']['package']} read on this machine:")
    for source in sources:
        print_line(f"  {source['path']} ({len(source['text'])} characters)")
    for name, value in taken.document["variables"].items():
        print_line(f"  ${name}={value}")
    redacted = ", ".join(f"{count} × {kind}" for kind, count in taken.redacted.items())
    print_line(f"taken out: {redacted or 'nothing'}")
    print_note(f"variantkit: {args.output} is plain text; look at it before you send it to anybody")


def _unpack(args: argparse.Namespace, path: str, directory: str) -> int:
    from variantkit.provider.replay import CaptureError, load_capture, load_sources, load_variables, write_tree

    try:
        namespace = load_capture(path).get("namespace")
        sources, variables = load_sources(path), load_variables(path)
        write_tree(sources, directory)
    except CaptureError as error:
        raise InputError(str(error)) from None
    except OSError as error:
        raise InputError(f"{error.filename or directory}: {error.strerror or error}") from None
    if args.json:
        print_json(
            {"schema": "variantkit.unpacked/1", "directory": directory, "namespace": namespace, "sources": len(sources)}
        )
        return 0
    print_line(f"{directory}: {len(sources)} source(s) of a machine, for `python -m PROVIDER --root {directory}`")
    for name, value in variables.items():
        print_line(f"  captured with ${name}={value}, which --root does not set")
    return 0

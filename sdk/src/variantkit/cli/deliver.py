"""The verbs that bring the right build into an environment: install, serve."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from variantkit.cli.help import add_parser
from variantkit.cli.options import add_common_options, add_deciding_options, add_prefer_option, read_machine
from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import InputError
from variantkit.variants.grammar import parse_property, require_label

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from variantkit.index.serve.conversation import Event
    from variantkit.machine.target import Target

INSTALL_EXAMPLES = """\
examples:
  variantkit install numpy                                  into the active environment
  variantkit install --python .venv 'torch>=2.8' -- --upgrade
  variantkit install --variant numpy=x86_64_v2 numpy        one label, if it can work here
  variantkit install --prefer 'blas_lapack :: library :: mkl' numpy
  variantkit install --index-url ./wheels numpy             an index URL, or a directory of wheels
  variantkit install -- --require-hashes -r requirements.txt

The installer is your own: uv when it is there, else the pip of the environment. What follows `--` is passed to it.
exit codes: 1 the installer failed, or a label was refused
            3 an index did not answer, or the approved list cannot be used
"""
SERVE_EXAMPLES = """\
examples:
  variantkit serve --index-url https://index.example/simple --python .venv
  variantkit serve --index-url ./wheels --json

It prints the URL to give to an installer; the password in it is made anew for every run. Stop it with Ctrl-C.
"""


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], verb: str, summary: str) -> None:
    """Add one of this room's verbs to the program."""
    parser = add_parser(verbs, verb, summary, INSTALL_EXAMPLES if verb == "install" else SERVE_EXAMPLES)
    if verb == "install":
        _add_install_arguments(parser)
    else:
        _add_serve_arguments(parser)
    parser.add_argument("--python", metavar="PY", help="the interpreter or environment to choose for")
    add_prefer_option(parser)
    parser.add_argument(
        "--variant",
        metavar="PACKAGE=LABEL",
        action="append",
        default=[],
        help="take this label; refused, with the reason, where it cannot work",
    )
    parser.add_argument(
        "--accept-fallback",
        action="store_true",
        help="go on with another build when the approved list itself cannot be used",
    )
    add_deciding_options(parser)
    add_common_options(parser)
    parser.set_defaults(run=install if verb == "install" else serve)


def _add_install_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("requirements", nargs="*", metavar="REQUIREMENT", help="such as numpy or 'numpy>=2'")
    parser.add_argument("--installer", choices=("auto", "uv", "pip"), default="auto", help="which one to run")
    parser.add_argument(
        "--index-url", metavar="URL_OR_DIR", help="the index, in place of the one your installer is set up with"
    )
    parser.add_argument(
        "--extra-index-url",
        metavar="URL",
        action="append",
        default=[],
        help="a further index, as if it stood in PIP_EXTRA_INDEX_URL and UV_EXTRA_INDEX_URL; repeatable",
    )
    parser.add_argument("--target", metavar="DIR", help="install into this directory")
    parser.add_argument("--offline", action="store_true", help="ask no index on the network")
    parser.set_defaults(installer_args=())


def _add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--index-url", metavar="URL_OR_DIR", required=True, help="the index, or a directory of wheels")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0 (the default): one that stays the same from run to run")
    parser.add_argument("--allow-remote", action="store_true", help="serve a private index to other machines")


def install(args: argparse.Namespace) -> int:
    """Install the requirements with the user's installer."""
    from variantkit.index.install.installation import InstallRequest, find_environment, run_install
    from variantkit.index.provider_wheels import IndexWheels
    from variantkit.machine.target import query_target

    request = InstallRequest(
        requirements=tuple(args.requirements),
        installer_args=tuple(args.installer_args),
        installer=args.installer,
        index_url=args.index_url,
        python=args.python,
        target=args.target,
        variants=_parse_variants(args.variant),
        prefer=tuple(parse_property(text) for text in args.prefer),
        accept_fallback=args.accept_fallback,
        no_exec=args.no_exec,
        offline=args.offline,
        json=args.json,
    )
    target = query_target(find_environment(request, os.environ))
    wheels = IndexWheels()
    machine = read_machine(args, target, directory=args.target, sources=[wheels])
    request = request._replace(no_exec=machine.settings.no_exec)
    environ = _with_indexes(os.environ, args.extra_index_url)
    return run_install(request, machine, sys.stdout, sys.stderr, environ, provider_wheels=wheels)


def _with_indexes(environ: Mapping[str, str], urls: Sequence[str]) -> dict[str, str]:
    """The environment with further indexes: credentials in them must not reach an installer's command line."""
    more = dict(environ)
    for variable in ("PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL") if urls else ():
        more[variable] = " ".join([*filter(None, [environ.get(variable)]), *urls])
    return more


def serve(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from variantkit.index.provider_wheels import IndexWheels
    from variantkit.index.serve.mounts import Mount
    from variantkit.index.serve.server import serve as start
    from variantkit.index.upstream import open_upstream
    from variantkit.index.view import ViewSettings
    from variantkit.machine.target import query_target

    target = query_target(args.python)
    upstream = open_upstream(args.index_url)
    wheels = IndexWheels()
    wheels.look_in([upstream])
    settings = ViewSettings(
        machine=read_machine(args, target, sources=[wheels]),
        target=target,
        prefer=tuple(parse_property(text) for text in args.prefer),
        variants=_parse_variants(args.variant),
    )
    mount = Mount("index", upstream)
    with start(
        [mount],
        settings,
        args.host,
        args.port or None,
        _print_event,
        allow_remote=args.allow_remote,
        accept_fallback=args.accept_fallback,
    ) as server:
        url = server.url_for(mount, secret=True)
        if args.json:
            print_json({"schema": "variantkit.serve/1", "url": url})
        else:
            _print_how_to_use(url, target)
        sys.stdout.flush()
        server.wait()
    return 0


def _print_how_to_use(url: str, target: Target) -> None:
    print_line(url)
    print_note(f"serving for {target.python} (Python {target.version}); for example:")
    print_note(f"  UV_INDEX={url} uv pip install PACKAGE")
    print_note(f"  PIP_INDEX_URL={url} pip install PACKAGE")


def _print_event(event: Event) -> None:
    if event.kind == "error":
        print_note(f"variantkit: {event.text}")


def _parse_variants(options: list[str]) -> dict[str, str]:
    """Read `--variant PACKAGE=LABEL` options."""
    labels: dict[str, str] = {}
    for option in options:
        package, equals, label = option.partition("=")
        if not package or not equals:
            raise InputError(f"--variant {option!r}: expected PACKAGE=LABEL, such as numpy=x86_64_v2")
        labels[package.strip()] = require_label(label.strip())
    return labels

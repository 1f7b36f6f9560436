"""`provider vendor`: pin by hash what a provider carries of other projects, and bring it into the working copy."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import partial
from typing import TYPE_CHECKING

from variantkit.cli.help import add_parser
from variantkit.cli.options import add_common_options
from variantkit.cli.terminal import print_json, print_line
from variantkit.errors import InputError, UndeterminedError

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
A provider has no dependencies; what it needs of others travels inside its wheel. pyproject.toml says what:

  [tool.variantkit.vendor]
  package = "src/acme_variant_provider"     # the files go below its _vendor/

  [[tool.variantkit.vendor.packages]]
  name = "acme-smi"
  version = "1.4.0"
  files = ["acme_smi/*.py"]
  license-files = ["*.dist-info/LICENSE"]

then:
  variantkit provider vendor                      fetch the pinned wheels with your own pip or uv, write vendor.lock,
                                                  fill _vendor/, which belongs in .gitignore
  variantkit provider vendor --from ./wheels      the same from a directory, without any index
  variantkit provider vendor --check              is the lock, and _vendor/, what pyproject.toml asks for? 1 if not

Commit vendor.lock: the build checks every byte against it. A `transform` runs code of your own vendoring.py.
"""
INSTALL = "python -m pip install 'variantkit[vendor]'"


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to the verb `provider`."""
    parser = add_parser(actions, "vendor", "pin what a provider carries of other projects, by hash", EXAMPLES)
    parser.add_argument("project", metavar="PROJECT_DIR", nargs="?", default=".", help="the provider; default: here")
    parser.add_argument(
        "--from", dest="wheels", metavar="DIR", help="take the wheels from this directory; no index is asked"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is not current")
    add_common_options(parser)
    parser.set_defaults(run=vendor)


def vendor(args: argparse.Namespace) -> int:
    """`provider vendor`: write, or check, the lock and the working copy's `_vendor/`."""
    try:
        from variantkit_build import VendorError, project
        from variantkit_build.update import find_wheel
    except ImportError:
        raise UndeterminedError(f"provider vendor needs variantkit-build, which is not installed: {INSTALL}") from None
    from variantkit.cli.provider.fetching import fetch

    root = os.path.abspath(args.project)
    scratch = tempfile.mkdtemp(prefix="variantkit-vendor-")
    try:
        find = partial(find_wheel, args.wheels) if args.wheels else fetch(project.requirements(root), scratch)
        state = project.check(root, find) if args.check else project.update(root, find)
    except VendorError as error:
        raise InputError(str(error)) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if args.json:
        print_json({"schema": "variantkit.vendor/1", "project": root, **state.as_json()})
    else:
        for line in state.lines():
            print_line(line)
    return 1 if args.check and state.stale else 0

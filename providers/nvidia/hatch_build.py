"""Finds variantkit-build, the hook that vendors: carried by an sdist, or in the repository, else as installed."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

for place in ("_build", "../_build", "../../sdk/build/src"):
    found = os.path.normpath(os.path.join(HERE, place))
    if os.path.isdir(os.path.join(found, "variantkit_build")):
        sys.path.insert(0, found)
        break


def get_build_hook() -> type:  # hatchling asks for it by this name
    from variantkit_build.hook import SelfContainedVendorHook

    return SelfContainedVendorHook

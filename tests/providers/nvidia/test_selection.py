"""Which wheel a GPU ends with: whole releases, through the runner and the published wheel of this provider."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hatchling")

from support.approvals import approve, write_list
from support.first_party import build_provider
from support.wheels import make_wheel
from variantkit.cli.release import choose_release
from variantkit.machine.settings import this_machine

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit.cli.release import Choice

ENDPOINT = "nvidia_variant_provider.plugin:NvidiaVariantPlugin"
SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
Properties = dict[str, list[str]]

# The shape of a large project's history: each CUDA build has its list of targets, and newer ones drop old GPUs.
OLD = ["50_real", "60_real", "61_real", "70_real", "75_real", "80_real", "86_real", "90_real"]
MIDDLE = ["75_real", "80_real", "86_real", "90_real", "100_real", "120_real", "120_virtual"]
NEW = ["80_real", "90_real", "100_real", "110_real", "120_real", "120_virtual"]
HISTORY = {
    "2.6": {"cu118": ("11.8", OLD), "cu124": ("12.4", OLD), "cu126": ("12.6", OLD)},
    "2.7": {"cu118": ("11.8", OLD), "cu126": ("12.6", OLD), "cu128": ("12.8", MIDDLE)},
    "2.8": {"cu126": ("12.6", OLD), "cu128": ("12.8", MIDDLE), "cu129": ("12.9", MIDDLE)},
    "2.9": {"cu128": ("12.8", MIDDLE), "cu130": ("13.0", NEW)},
}


def publish(directory: Path, version: str, builds: dict[str, Properties]) -> None:
    """Write one release of `demo` and its variants.json."""
    document = {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": ["nvidia"]},
        "providers": {"nvidia": {"requires": ["nvidia-variant-provider"], "plugin-api": ENDPOINT}},
        "variants": {label: {"nvidia": properties} for label, properties in builds.items()},
    }
    for label, properties in builds.items():
        one = {**document, "variants": {label: {"nvidia": properties}}}
        make_wheel(directory, "demo", version, label=label, variant=one)
    (directory / f"demo-{version}-variants.json").write_text(json.dumps(document), encoding="utf-8")


def choose(directory: Path, **variables: str) -> Choice:
    """The choice of a machine on which this provider is approved and told `variables`."""
    wheel = build_provider("nvidia")
    entry = approve(wheel, "nvidia", plugin_api=[ENDPOINT], needs={"fork": True})
    approved = write_list(directory.parent / "approved.json", [entry])
    machine = this_machine(
        approved=approved, provider_wheels=[os.path.dirname(wheel)], environ={"PATH": os.defpath, **variables}
    )
    return choose_release(str(directory), "demo", None, (), lambda _target, _sources: machine)


def gpu(capability: str, cuda: str) -> dict[str, str]:
    return {
        "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": capability,
        "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": cuda,
    }


@pytest.fixture
def history(tmp_path: Path) -> Path:
    directory = tmp_path / "releases"
    directory.mkdir()
    for version, builds in HISTORY.items():
        made = {
            label: {"cuda_version_lower_bound": [lower], "sm_arch": sorted(targets)}
            for label, (lower, targets) in builds.items()
        }
        publish(directory, version, made)
    return directory


@pytest.mark.parametrize(
    ("capability", "cuda", "version", "label"),
    [
        ("6.1", "12.8", "2.8", "cu126"),  # Pascal: the last build that carries 61_real
        ("6.1", "13.0", "2.8", "cu126"),
        ("6.1", "12.4", "2.7", "cu118"),
        ("5.2", "12.9", "2.8", "cu126"),  # Maxwell, by 50_real
        ("7.5", "13.0", "2.9", "cu128"),
        ("8.9", "12.8", "2.9", "cu128"),
        ("9.0", "13.0", "2.9", "cu130"),
        ("9.0", "12.6", "2.8", "cu126"),
        ("12.1", "13.0", "2.9", "cu130"),
        ("13.0", "13.1", "2.9", "cu130"),  # not built for yet: by PTX
        ("8.9", "11.8", "2.7", "cu118"),
    ],
)
def test_every_gpu_ends_with_the_newest_build_that_it_can_run(
    history: Path, capability: str, cuda: str, version: str, label: str
) -> None:
    choice = choose(history, **gpu(capability, cuda))
    assert (choice.version, choice.label) == (version, label)


@pytest.mark.parametrize("capability", ["5.0", "7.0"])
def test_a_gpu_that_nothing_was_built_for_gets_nothing(tmp_path: Path, capability: str) -> None:
    directory = tmp_path / "releases"
    directory.mkdir()
    publish(directory, "1.0", {"cu128": {"cuda_version_lower_bound": ["12.8"], "sm_arch": MIDDLE}})
    assert not choose(directory, **gpu(capability, "12.8")).found


def test_code_for_one_architecture_alone_goes_to_that_one(tmp_path: Path) -> None:
    directory = tmp_path / "releases"
    directory.mkdir()
    publish(directory, "1.0", {"wgmma": {"sm_arch": ["90a_real"]}, "ptx": {"sm_arch": ["80_virtual"]}})
    assert choose(directory, **gpu("9.0", "12.8")).label == "wgmma"
    assert choose(directory, **gpu("10.0", "12.8")).label == "ptx"
    assert choose(directory, **gpu("8.9", "12.8")).label == "ptx"

"""uv and the nvidia provider on the same machine: which values each supports, and in which order.

uv asks the `nvidia-smi` on its PATH; ours asks stub libraries that tell of the same GPUs and driver. For every value
that uv can know there is a project with one wheel for it and a plain one: uv takes the former where it supports the
value. For every two values that follow each other in our answer there is a project with a wheel for each: uv must take
the first. Both together fix the whole order.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from itertools import pairwise, product
from typing import TYPE_CHECKING, NamedTuple

import pytest

from nvidia_variant_provider._parse import parse_facts
from nvidia_variant_provider._rules import decide_answer
from support.nvidia_drivers import MODULE, VERSION_FILE, add_file, add_libcuda, add_nvml, ask_machine
from support.stub_drivers import needs_compiler, write_program
from support.uv import UV
from support.wheels import make_wheel
from variantkit.variants.grammar import Feature
from variantkit.variants.metadata import parse_metadata
from variantkit.variants.ordering import rank_variants

if TYPE_CHECKING:
    from pathlib import Path

LOWER, UPPER, SM = "cuda_version_lower_bound", "cuda_version_upper_bound", "sm_arch"
SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
PROVIDER = {  # uv emulates version 0.0.1 of it
    "requires": ["nvidia-variant-provider>=0.0.1,<1"],
    "plugin-api": "nvidia_variant_provider.plugin:NvidiaVariantPlugin",
}
SELECTING = re.compile(r"Selecting: (\S+)==\S* \[\S+\] \((\S+)\)")
BOUNDS = [f"{major}.{minor}" for major, minor in product(range(11, 16), range(21))] + [str(m) for m in range(11, 16)]
COMMON = {
    LOWER: BOUNDS,
    UPPER: BOUNDS,
    SM: [f"{number}_{kind}" for number in range(50, 130) for kind in ("real", "virtual")],
}
"""The values that uv can know."""

CUDA, FORCED_SM = "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION", "NV_VARIANT_PROVIDER_FORCE_SM_ARCH"


Properties = dict[str, list[str]]


class Scene(NamedTuple):
    """A machine and its overrides; `gpus` are compute capabilities, `cuda` the driver's version, none without one."""

    cuda: str = ""
    gpus: tuple[str, ...] = ()
    forced: tuple[tuple[str, str], ...] = ()
    label: str = "CUDA Version"


SCENES = {
    "ada": Scene("12.4", ("8.9",)),
    "hopper-newest-cuda": Scene("13.0", ("9.0",)),
    "hopper-node": Scene("12.8", ("9.0",) * 8),
    "pascal": Scene("12.2", ("6.1",)),
    "maxwell-oldest-cuda": Scene("11.0", ("5.2",)),
    "blackwell-new-label": Scene("13.1", ("10.3",), label="CUDA UMD Version"),
    "consumer-blackwell": Scene("12.8", ("12.0",)),
    "turing": Scene("12.6", ("7.5",)),
    "last-common-version": Scene("15.20", ("8.6",)),
    "no-driver": Scene(),
    "no-gpu": Scene("12.4"),
    "forced-version": Scene("12.4", ("8.9",), ((CUDA, "13.0"),)),
    "forced-version-as-one-number": Scene("12.4", ("8.9",), ((CUDA, "12"),)),
    "forced-capability": Scene("12.4", ("8.9",), ((FORCED_SM, "9.0"),)),
    "forced-version-without-gpu": Scene(forced=((CUDA, "12.8"),)),
    "both-forced-without-gpu": Scene(forced=((CUDA, "12.8"), (FORCED_SM, "9.0"))),
    "empty-overrides": Scene("12.4", ("8.9",), ((CUDA, ""), (FORCED_SM, ""))),
    "mixed-highest": Scene("12.4", ("7.5", "9.0", "8.9"), (("NV_VARIANT_PROVIDER_GPU_POLICY", "max"),)),
    "mixed-all": Scene("12.4", ("7.5", "9.0", "8.9")),
}


def publish(directory: Path, project: str, builds: dict[str, Properties], plain: bool) -> str:
    """Write a project with a wheel for each of `builds`, and perhaps a plain one; return its variants.json."""
    variants = {label: {"nvidia": properties} for label, properties in builds.items()}
    document = {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": ["nvidia"]},
        "providers": {"nvidia": PROVIDER},
        "variants": variants,
    }
    for label, properties in variants.items():
        make_wheel(directory, project, label=label, variant={**document, "variants": {label: properties}})
    if plain:
        make_wheel(directory, project)
    text = json.dumps(document)
    (directory / f"{project}-1.0-variants.json").write_text(text, encoding="utf-8")
    return text


@pytest.fixture(scope="module")
def every_value(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[str, str]]]:
    """Projects that tell whether a value is supported, by name."""
    directory = tmp_path_factory.mktemp("values")
    asked = {}
    for number, build in enumerate((feature, value) for feature, values in COMMON.items() for value in values):
        asked[f"value{number}"] = build
        publish(directory, f"value{number}", {"build": {build[0]: [build[1]]}}, plain=True)
    return directory, asked


def ask_uv(directories: list[Path], projects: list[str], path: Path, forced: dict[str, str]) -> dict[str, str]:
    """The label that uv takes of each project, empty for the plain wheel."""
    command = [UV, "pip", "install", "-v", "--dry-run", "--no-deps", "--no-index", "--no-config", "--no-build"]
    for directory in directories:
        command += ["--find-links", str(directory)]
    command += ["--preview-features", "wheel-variants", "--cache-dir", str(path / "cache"), "--python", sys.executable]
    command += ["--target", str(path / "target"), *projects]
    environment = {"PATH": f"{path / 'bin'}{os.pathsep}{os.defpath}", "HOME": str(path), **forced}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    chosen: dict[str, str] = dict(SELECTING.findall(done.stderr))
    assert set(chosen) == set(projects)
    return {project: "" if name.endswith("any.whl") else name[:-4].split("-")[-1] for project, name in chosen.items()}


def set_up_uv(path: Path, scene: Scene) -> None:
    """An `nvidia-smi` that tells of the scene, as uv asks it."""
    if not scene.cuda:
        (path / "bin").mkdir(parents=True)
        return
    if scene.gpus:
        script = f"""case "$*" in
*driver_version*) echo 550.54.14 ;;
*compute_cap*) printf '%s\\n' {" ".join(scene.gpus)} ;;
*) echo 'Driver Version : 550.54.14'; echo '{scene.label} : {scene.cuda}' ;;
esac
"""
    else:
        script = "echo 'No devices were found'; exit 6\n"
    write_program(path / "bin/nvidia-smi", script)


def ask_ours(path: Path, scene: Scene) -> dict[str, list[str]]:
    """Our answer for the same machine: stub libraries behind the real ctypes path."""
    forced = dict(scene.forced)
    if not scene.cuda:
        return {name: values for name, values, _ in decide_answer(parse_facts({"place": ""}, forced))}
    add_file(path / "root", VERSION_FILE, MODULE.format("550.54.14"))
    add_nvml(path / "lib")
    add_libcuda(path / "lib")
    major, minor = (int(number) for number in scene.cuda.split("."))
    version = str(1000 * major + 10 * minor)
    stub = {"GPUS": ",".join(scene.gpus), "CUDA": version, "NVML_CUDA": version}
    return ask_machine(path / "root", path / "lib", stub, overrides=forced).features


@needs_compiler
@pytest.mark.skipif(os.path.exists("/sys/module/nvidia/version"), reason="uv would ask this machine's own driver")
@pytest.mark.parametrize("scene", SCENES.values(), ids=list(SCENES))
def test_the_same_values_in_the_same_order(
    scene: Scene, tmp_path: Path, every_value: tuple[Path, dict[str, tuple[str, str]]]
) -> None:
    values_directory, asked = every_value
    set_up_uv(tmp_path, scene)
    ours = ask_ours(tmp_path, scene)
    pairs: dict[str, tuple[str, str]] = {}
    directory = tmp_path / "pairs"
    directory.mkdir()
    told = ask_uv([values_directory], list(asked), tmp_path, dict(scene.forced))
    theirs = {
        feature: {value for project, (name, value) in asked.items() if name == feature and told[project]}
        for feature in COMMON
    }
    for feature in COMMON:
        common = [value for value in ours.get(feature, []) if value in theirs[feature]]
        assert set(common) == theirs[feature], f"{feature}: uv supports {theirs[feature] - set(common)} as well"
        assert not common or common[0] == ours[feature][0], f"{feature}: our first choice is not one of uv's"
        for better, worse in pairwise(common):
            project = f"pair{len(pairs)}"
            pairs[project] = (better, worse)
            publish(directory, project, {"zbetter": {feature: [better]}, "aworse": {feature: [worse]}}, plain=False)
    assert bool(pairs) == bool(scene.gpus or any(value for _, value in scene.forced)), "what is compared is something"
    chosen = ask_uv([directory], list(pairs), tmp_path, dict(scene.forced)) if pairs else {}
    assert [pairs[project] for project, label in chosen.items() if label != "zbetter"] == []


def make_builds(choose: random.Random) -> dict[str, Properties]:
    """Builds as projects make them: for CUDA versions, for lists of targets, some of them the same."""
    builds: dict[str, Properties] = {}
    for number in range(choose.randint(1, 6)):
        properties: Properties = {}
        lower = choose.choice(["11", "11.8", "12", "12.1", "12.4", "12.6", "12.8", "13", "13.0"])
        if choose.random() < 0.8:
            properties[LOWER] = [lower]
        if choose.random() < 0.4:
            properties[UPPER] = [choose.choice(["12", "12.5", "13", "13.1", "14"])]
        if choose.random() < 0.7 or not properties:
            properties[SM] = sorted(choose.sample(TARGETS, k=choose.randint(1, 5)))
        builds[choose.choice("abyz") + str(number)] = properties
    return builds


TARGETS = [
    "50_real",
    "60_real",
    "61_real",
    "70_real",
    "75_real",
    "80_real",
    "86_real",
    "89_real",
    "90_real",
    "100_real",
]
TARGETS += ["120_real", "120_virtual"]  # PTX for older GPUs is what uv does not know to run


@needs_compiler
@pytest.mark.skipif(os.path.exists("/sys/module/nvidia/version"), reason="uv would ask this machine's own driver")
@pytest.mark.parametrize("name", ["ada", "hopper-newest-cuda", "pascal", "consumer-blackwell", "turing", "no-driver"])
def test_the_same_wheel_of_whole_releases(name: str, tmp_path: Path) -> None:
    scene = SCENES[name]
    set_up_uv(tmp_path, scene)
    ours = ask_ours(tmp_path, scene)
    features = [Feature(feature, tuple(values), feature == SM) for feature, values in ours.items()]
    expected = {}
    directory = tmp_path / "releases"
    directory.mkdir()
    for seed in range(60):
        project = f"release{seed}"
        text = publish(directory, project, make_builds(random.Random(seed)), plain=True)
        labels = rank_variants(parse_metadata(text, project), {"nvidia": features}).labels
        expected[project] = labels[0] if labels else ""
    assert ask_uv([directory], list(expected), tmp_path, {}) == expected
    chosen = sum(bool(label) for label in expected.values())
    assert chosen == 0 if name == "no-driver" else chosen > 10

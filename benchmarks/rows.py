"""The rows of the design's table of numbers: what is compared, how, and what is to be reached."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import zipfile
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.attestations import COUNT, write_attestations
from benchmarks.documents import provider_document, static_document, write_document
from benchmarks.environments import PROVIDERS, inside, make_allowlist_environment
from benchmarks.measure import (
    MeasurementError,
    Series,
    Stopwatch,
    output_of,
    peak_bytes,
    process_seconds,
    take_pairs,
    take_pairs_net,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.environments import Environments

MILLISECONDS, MEBIBYTES = "ms", "MiB"
MOST = 10_000
UV_FLAGS = ["--dry-run", "--no-deps", "--no-index", "--no-config", "--no-build", "--preview-features", "wheel-variants"]


class Row(NamedTuple):
    """One line of the table. `target` and `stretch` are ratios, or the milliseconds themselves where `peer` is "".

    A row that is not `gated` is reported and never fails: its peer moves too much from run to run, or another row
    holds it.
    """

    name: str
    peer: str
    target: float
    stretch: float | None
    measure: Callable[[Bench], Series]
    unit: str = MILLISECONDS
    gated: bool = True


class Bench:
    """What the rows share: the environments, the number of pairs, documents that were checked once."""

    def __init__(self, environments: Environments, pairs: int) -> None:
        self.environments = environments
        self.pairs = pairs
        self.static = cache(self._static)
        self.provider = cache(self._provider)

    def _static(self, variants: int) -> str:
        path = write_document(self.environments.directory, f"static{variants}.json", static_document(variants))
        if variants <= MOST:
            self._require_same_order(path)
        return path

    def _provider(self) -> str:
        document = provider_document("x86_64", "x86-64-variant-provider")
        path = write_document(self.environments.directory, "provider.json", document)
        self._require_same_order(path)
        return path

    def _require_same_order(self, path: str) -> None:
        """Nothing is worth timing that answers otherwise."""
        envs = self.environments
        ours = json.loads(output_of(envs.select(path), envs.environ))["labels"]
        theirs = json.loads(output_of(envs.select_by_variantlib(path), envs.environ))["labels"]
        if ours != theirs or len(ours) < 2:
            differing = next((pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]), "the length")
            raise MeasurementError(f"{path}: expected the order of variantlib, found another: {differing}")

    def selects(self, path: str) -> Series:
        """Cold `select` of a document, over variantlib."""
        envs = self.environments
        ours = process_seconds(envs.select(path), envs.environ)
        return take_pairs(ours, process_seconds(envs.select_by_variantlib(path), envs.environ), self.pairs)


def select_provider(bench: Bench) -> Series:
    """Five variants, the x86_64 provider asked by both."""
    return bench.selects(bench.provider())


def select_static(variants: int) -> Callable[[Bench], Series]:
    """N variants, static properties: nothing is run."""
    return lambda bench: bench.selects(bench.static(variants))


def select_over_uv(bench: Bench) -> Series:
    """The same document among as many wheels, which uv looks at and chooses from, its cache warm."""
    envs, path = bench.environments, bench.static(MOST)
    with open(path, encoding="utf-8") as stream:
        document = json.load(stream)
    wheels = _write_wheels(os.path.join(envs.directory, "wheels"), document)
    command = [envs.uv, "pip", "install", *UV_FLAGS, "--cache-dir", os.path.join(envs.directory, "uv-cache")]
    command += ["--python", envs.variantlib, "--find-links", wheels, "benched"]
    chosen = json.loads(output_of(envs.select(path), envs.environ))["selected"]
    _require_uv_chooses(command, chosen, envs.environ)
    ours = process_seconds(envs.select(path), envs.environ)
    return take_pairs(ours, process_seconds(command, envs.environ), bench.pairs)


def _write_wheels(directory: str, document: dict[str, dict[str, object]]) -> str:
    """A wheel for every label, all one file under many names: uv opens only the one that it chooses."""
    os.mkdir(directory)
    write_document(directory, "benched-1.0-variants.json", document)
    plain = os.path.join(directory, "benched-1.0-py3-none-any.whl")
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("benched-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: benched\nVersion: 1.0\n")
        archive.writestr(
            "benched-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("benched-1.0.dist-info/RECORD", "")
    for label in document["variants"]:
        os.link(plain, os.path.join(directory, f"benched-1.0-py3-none-any-{label}.whl"))
    return directory


def _require_uv_chooses(command: list[str], label: str, environ: dict[str, str]) -> None:
    said = subprocess.run([*command, "-v"], env=environ, check=False, capture_output=True, text=True).stderr
    found = re.findall(r"Selecting: \S+ \[\S+\] \((\S+)\)", said)
    if not found or not found[-1].endswith(f"-{label}.whl"):
        raise MeasurementError(f"uv: expected the choice of {label}, found {found[-1:] or said[-1000:]}")


def order_in_process(bench: Bench) -> Series:
    """Filter and order alone, everything read beforehand, each side in a process of its own."""
    envs, path = bench.environments, bench.static(MOST)
    ours = Stopwatch([envs.variantkit, "-I", inside("order_variantkit.py"), inside(), path], envs.environ)
    theirs = Stopwatch([envs.variantlib, "-I", inside("order_variantlib.py"), inside(), path], envs.environ)
    with closing(ours), closing(theirs):
        if ours.ready != {path: theirs.ready["labels"]}:
            raise MeasurementError(f"{path}: expected the order of variantlib, found another")
        return take_pairs(ours.take(path), theirs.take("order"), bench.pairs)


def growth(bench: Bench) -> Series:
    """Filter and order of ten times as many variants."""
    envs, small, large = bench.environments, bench.static(MOST), bench.static(10 * MOST)
    ours = Stopwatch([envs.variantkit, "-I", inside("order_variantkit.py"), inside(), small, large], envs.environ)
    with closing(ours):
        return take_pairs(ours.take(large), ours.take(small), bench.pairs)


def _import(bench: Bench, statement: str) -> Series:
    envs = bench.environments
    ours = process_seconds([envs.variantkit, "-I", "-c", statement], envs.environ)
    theirs = process_seconds([envs.variantlib, "-I", "-c", "import variantlib.api"], envs.environ)
    base = process_seconds([envs.variantkit, "-I", "-c", "pass"], envs.environ)
    return take_pairs_net(ours, theirs, base, bench.pairs)


def import_public_names(bench: Bench) -> Series:
    """Every public name, which are otherwise loaded when they are used."""
    return _import(bench, "from variantkit import *")


def import_select(bench: Bench) -> Series:
    """What `select` loads of the SDK to ask a provider, to the last module, and of the standard library with it."""
    envs = bench.environments
    run = "import sys; from variantkit.cli.main import main; main(['select', sys.argv[1], '--json'])"
    command = [envs.variantkit, "-I", "-c", f"{run}; print(*sys.modules)", bench.provider()]
    loaded = output_of(command, envs.environ).splitlines()[-1].split()
    return _import(bench, f"import {', '.join(name for name in loaded if name.split('.')[0] == 'variantkit')}")


def detect_all(bench: Bench) -> Series:
    """Cold `detect` with every provider, over the same with the one that has most to do here."""
    envs = bench.environments
    found = json.loads(output_of(envs.detect(), envs.environ))["namespaces"]
    if found.keys() != PROVIDERS.keys():
        raise MeasurementError(f"detect: expected the namespaces {', '.join(PROVIDERS)}, found {', '.join(found)}")
    ours = process_seconds(envs.detect(), envs.environ)
    return take_pairs(ours, process_seconds(envs.detect("x86_64"), envs.environ), bench.pairs)


def provider_from_folder(namespace: str, package: str) -> Callable[[Bench], Series]:
    """Load the provider from a plain folder and take both answers, in an interpreter that has nothing else."""
    code = f"import sys; sys.path.append(sys.argv[1]); import {package} as plugin; "
    code += "plugin.get_supported_configs(); plugin.get_all_configs()"

    def measure(bench: Bench) -> Series:
        envs = bench.environments
        bare = [envs.variantkit, "-I", "-S", "-c"]
        ours = process_seconds([*bare, code, envs.providers[namespace]], envs.environ)
        return take_pairs(ours, process_seconds([*bare, "pass"], envs.environ), bench.pairs)

    return measure


def provider_from_wheel(namespace: str) -> Callable[[Bench], Series]:
    """The same by the runner, from the verified wheel to the checked answer."""

    def measure(bench: Bench) -> Series:
        envs = bench.environments
        asked = Stopwatch([envs.variantkit, "-I", inside("ask_provider.py"), inside(), namespace], envs.environ)
        with closing(asked):
            return take_pairs(asked.take(namespace), asked.take("nothing"), bench.pairs)

    return measure


def enforcement(part: str) -> Callable[[Bench], Series]:
    """The gate's first judgement in a process, in seconds; there is no peer."""

    def measure(bench: Bench) -> Series:
        envs = bench.environments
        command = [envs.variantkit, "-I", inside("judge_provider.py"), inside(), "x86_64"]
        runs = [float(json.loads(output_of(command, envs.environ))[part]) for _ in range(bench.pairs + 1)][1:]
        return Series(tuple(figure / 1e3 for figure in runs), (), tuple(runs))

    return measure


def further_attestation(bench: Bench) -> Series:
    """Read and verify one attestation after others, each another; the peer reads its root anew for each."""
    envs = bench.environments
    python, folder = make_allowlist_environment(envs), write_attestations(envs.directory)
    # The peer takes its root from a cache of its user's, so that the cache is ours.
    environ = {**envs.environ, "XDG_CACHE_HOME": folder, "XDG_DATA_HOME": folder}
    ours = Stopwatch([python, "-I", inside("verify_variantkit.py"), inside(), folder], environ)
    theirs = Stopwatch([python, "-I", inside("verify_pypi_attestations.py"), inside(), folder], environ)
    with closing(ours), closing(theirs):
        if ours.ready != {"verified": COUNT} or theirs.ready != {"verified": COUNT}:
            raise MeasurementError(
                f"attestations: expected {COUNT} verified by both, found {ours.ready} {theirs.ready}"
            )
        mine, other = ours.take("verify"), theirs.take("verify")
        return take_pairs(lambda: mine() / COUNT, lambda: other() / COUNT, bench.pairs)


def memory(bench: Bench) -> Series:
    """Peak resident memory of cold `select`."""
    envs, path = bench.environments, bench.static(MOST)
    theirs = peak_bytes(envs.select_by_variantlib(path), envs.environ)
    return take_pairs(peak_bytes(envs.select(path), envs.environ), theirs, 3)


def all_rows() -> Iterator[Row]:
    """Every row, in the order of the design."""
    yield Row("cold select, one provider (a process; no sandbox yet)", "variantlib", 0.30, 0.22, select_provider)
    for variants, target, stretch in ((10, 0.35, 0.25), (1_000, 0.22, 0.16), (MOST, 0.12, 0.08)):
        yield Row(f"cold select, static, N = {variants:,}", "variantlib", target, stretch, select_static(variants))
    yield Row(f"cold select, static, N = {MOST:,}", "uv, warm", 1.0, 0.75, select_over_uv, gated=False)
    yield Row(f"filter and order in process, N = {MOST:,}", "variantlib", 0.08, 0.05, order_in_process)
    yield Row(f"filter and order, N = {10 * MOST:,}", f"N = {MOST:,}", 14, 13, growth)
    yield Row("import of every public name, net", "variantlib.api", 0.30, 0.20, import_public_names)
    yield Row(
        "import of all that select with a provider loads, net", "variantlib.api", 0.30, 0.20, import_select, gated=False
    )
    yield Row("detect, all first-party providers", "one of them", 4.0, 3.0, detect_all)
    for namespace, package in PROVIDERS.items():
        # A processor's own provider runs machine code here; the others find their hardware absent.
        target, stretch = (1.7, 1.5) if namespace == platform.machine() else (1.25, 1.1)
        folder = provider_from_folder(namespace, package)
        yield Row(f"{namespace} provider, plain folder", "python -c pass", target, stretch, folder)
    for namespace in PROVIDERS:
        wheel = provider_from_wheel(namespace)
        yield Row(f"{namespace} provider, verified wheel", "python -c pass", 2.0, 1.7, wheel, gated=False)
    yield Row("gate for one provider, canonical check included", "", 1.0, None, enforcement("gate"))
    # Read once a run, whatever number of providers is judged; it grows with the list, so it has a row of its own.
    yield Row("reading the approved list of nine providers", "", 1.0, None, enforcement("list"))
    yield Row("one further attestation", "pypi-attestations, warm", 1.0, 0.75, further_attestation)
    yield Row(f"peak memory of cold select, N = {MOST:,}", "variantlib", 0.9, 0.7, memory, unit=MEBIBYTES)

"""The plain view: an installer that knows no variants takes the best build, a pinned one, or plain with a reason."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

from support.wheels import make_wheel
from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.index.pages.page import File, Page
from variantkit.index.selection import best_wheel
from variantkit.index.view import PlainFile, ProjectView, ViewSettings, plain_view
from variantkit.machine.supported import NamespaceSupport
from variantkit.machine.target import query_target
from variantkit.variants.grammar import Feature, Property
from variantkit.variants.metadata import SCHEMA_850

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from random import Random

    from pip._internal.models.target_python import TargetPython

    from variantkit.index.upstream import Stream
    from variantkit.variants.metadata import Metadata

TARGET = query_target(None)
PLATFORM_TAGS = [tag for tag in map(str, sys_tags()) if not tag.endswith("-any")][:3]
LABELS = ("v3", "v2", "v1", "null")


class LevelMachine:
    """A machine that supports levels v3 to v1 of the namespace x86_64, and nothing else."""

    def support(self, metadata: Metadata) -> Mapping[str, NamespaceSupport]:
        used = {namespace for properties in metadata.variants.values() for namespace in properties}
        level = NamespaceSupport("present", "provider", (Feature("level", ("v3", "v2", "v1")),))
        return {namespace: level if namespace == "x86_64" else NamespaceSupport("absent") for namespace in used}


class MemoryUpstream:
    """An index in memory: its files, what the page says of each, and a record of what was read."""

    url = "https://index.invalid/simple"
    has_credentials = False

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.files: dict[str, File] = {}
        self.reads: list[str] = []
        self.fails: set[str] = set()
        self.gone: set[str] = set()

    def add(
        self, filename: str, data: bytes = b"", *, digest: bool = True, requires_python: str | None = None
    ) -> MemoryUpstream:
        hashes = {"sha256": hashlib.sha256(data or filename.encode()).hexdigest()} if digest else {}
        self.contents[filename] = data
        self.files[filename] = File(
            filename, f"https://files.invalid/{filename}", hashes, requires_python=requires_python
        )
        return self

    def page(self, project: str) -> Page | None:
        return Page(project, tuple(self.files.values())) if project == "demo" else None

    def _get(self, name: str) -> bytes:
        self.reads.append(name)
        if name in self.fails:
            raise UndeterminedError(f"{name}: the index answered 503")
        if name in self.gone or name not in self.contents:
            raise InputError(f"{name}: the index lists it and does not have it (404)")
        return self.contents[name]

    def read(self, file: File, *, cap: int, suffix: str = "") -> bytes:
        data = self._get(file.filename + suffix)
        assert len(data) <= cap
        return data

    def stream(self, file: File, *, suffix: str = "", headers: Mapping[str, str] = {}) -> Stream:
        raise NotImplementedError

    def member(self, file: File, name_suffix: str, *, cap: int) -> bytes | None:
        self.reads.append(file.filename + name_suffix)
        with zipfile.ZipFile(io.BytesIO(self._get(file.filename))) as archive:
            names = [name for name in archive.namelist() if name.endswith(name_suffix)]
            return archive.read(names[0]) if names else None


def document(*labels: str, provider: str = "x86-64-variant-provider", **levels: str) -> dict[str, object]:
    """A variants.json, or with one label a variant.json: each label means the level of its name, `null` nothing."""
    variants: dict[str, object] = {
        label: {"x86_64": {"level": [levels.get(label, label)]}} if label != "null" else {} for label in labels
    }
    return {
        "$schema": SCHEMA_850,
        "default-priorities": {"namespace": ["x86_64"]},
        "providers": {"x86_64": {"requires": [provider], "plugin-api": "x86_64_variant_provider"}},
        "variants": variants,
    }


def add_document(upstream: MemoryUpstream, *labels: str, version: str = "1.0", **options: object) -> MemoryUpstream:
    digest = bool(options.pop("digest", True))
    data = json.dumps(document(*labels, **options)).encode()  # type: ignore[arg-type]
    return upstream.add(f"demo-{version}-variants.json", data, digest=digest)


def wheel_bytes(directory: Path, label: str | None, **options: object) -> tuple[str, bytes]:
    options = {"variant": document(label) if label else None, **options}
    path = make_wheel(directory, "demo", label=label, **options)  # type: ignore[arg-type]
    with open(path, "rb") as wheel:
        return os.path.basename(path), wheel.read()


@pytest.fixture
def upstream(tmp_path: Path) -> MemoryUpstream:
    """Real wheels of demo 1.0: plain, null, v2, v3 and v4, each with its variant.json, and their variants.json."""
    index = MemoryUpstream()
    for label in (None, "null", "v2", "v3", "v4"):
        index.add(*wheel_bytes(tmp_path, label))
    return add_document(index, "null", "v2", "v3", "v4")


def view_of(upstream: MemoryUpstream, **options: object) -> ProjectView:
    options = {"machine": LevelMachine(), "target": TARGET, **options}
    view = plain_view(upstream, "demo", ViewSettings(**options))  # type: ignore[arg-type]
    assert view is not None
    return view


def labels_of(view: ProjectView) -> list[str | None]:
    return [plain.label for plain in view.files]


def codes_of(view: ProjectView) -> list[str]:
    return [code for choice in view.choices for code, _ in choice.notes]


@functools.cache
def pip_target() -> TargetPython:
    from pip._internal.models.target_python import TargetPython

    return TargetPython()


FITTING = frozenset(map(str, sys_tags()))


def fits(filename: str) -> bool:
    return not FITTING.isdisjoint(map(str, parse_wheel_filename(filename)[3]))


def pip_choice(view: ProjectView, sha256: str | None = None) -> PlainFile | None:
    """The file that the pip at hand takes from the view, by its own code."""
    from pip._internal.index.package_finder import CandidateEvaluator
    from pip._internal.models.candidate import InstallationCandidate
    from pip._internal.models.link import Link
    from pip._internal.utils.hashes import Hashes

    # pip's link evaluator leaves out what does not fit before it sorts.
    listed = {plain.plain_name: plain for plain in view.files if fits(plain.plain_name)}
    candidates = []
    for name, plain in listed.items():
        url = f"https://files.invalid/{name}#sha256={plain.file.hashes['sha256']}"
        link = Link(url, yanked_reason=plain.file.yanked)
        candidates.append(InstallationCandidate("demo", name.split("-")[1], link))
    hashes = Hashes({"sha256": [sha256]}) if sha256 else None
    evaluator = CandidateEvaluator.create("demo", target_python=pip_target(), hashes=hashes)
    best = evaluator.compute_best_candidate(candidates).best_candidate
    return listed[best.link.filename] if best else None


def test_the_best_build_is_listed_first_beside_the_untouched_plain_wheel(upstream: MemoryUpstream) -> None:
    upstream.add("demo-1.0.tar.gz")
    view = view_of(upstream)
    assert labels_of(view) == ["v3", "v2", "null", None, None]
    digests = [plain.file.hashes["sha256"][:8] for plain in view.files]
    assert [plain.plain_name for plain in view.files] == [
        f"demo-1.0-99003h{digests[0]}-py3-none-any.whl",
        f"demo-1.0-99002h{digests[1]}-py3-none-any.whl",
        f"demo-1.0-99001h{digests[2]}-py3-none-any.whl",
        "demo-1.0-py3-none-any.whl",
        "demo-1.0.tar.gz",
    ]
    assert view.has_variants


def test_listed_files_are_the_indexs_own(upstream: MemoryUpstream) -> None:
    for plain in view_of(upstream).files:
        assert plain.file == upstream.files[plain.file.filename]


def test_a_project_that_the_index_does_not_have_has_no_view(upstream: MemoryUpstream) -> None:
    assert plain_view(upstream, "other", ViewSettings(LevelMachine(), TARGET)) is None


def test_a_project_without_variants_is_listed_as_it_is() -> None:
    names = ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "demo-0.9-1-cp27-cp27m-win32.whl"]
    index = MemoryUpstream()
    for name in names:
        index.add(name)
    view = view_of(index)
    assert [plain.plain_name for plain in view.files] == names
    assert (view.has_variants, view.choices, index.reads) == (False, (), [])


def test_build_numbers_of_the_version_are_surpassed() -> None:
    index = add_document(MemoryUpstream(), "v2", "v3")
    for name in ("20260101-py3-none-any", "py3-none-any-v2", "20260102-py3-none-any-v3"):
        index.add(f"demo-1.0-{name}.whl")
    view = view_of(index, parses_variant_markers=True)
    assert [re.split(r"[-h]", plain.plain_name)[2] for plain in view.files] == ["20260104", "20260103", "20260101"]


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        (
            ["{0}", "py3-none-any-v3", "{0}-v2"],
            ["v3 cp{n}.py3 cp{n}.none {p0}.any", "v2 cp{n} cp{n} {p0}", "plain cp{n} cp{n} {p0}"],
        ),
        (["{1}", "{0}-v3", "{1}-v2"], ["v3 cp{n} cp{n} {p0}.{p1}", "v2 cp{n} cp{n} {p1}", "plain cp{n} cp{n} {p1}"]),
        (["{0}", "{1}-v3"], ["v3 cp{n} cp{n} {p0}.{p1}", "plain cp{n} cp{n} {p0}"]),
        (
            ["cp38-cp38-win32", "py2.py3-none-any-v3", "py3-none-any-v2"],
            ["v3 py2.py3 none any", "v2 py3 none any", "plain cp38 cp38 win32"],
        ),
    ],
    ids=["plain is best", "the lesser variant has other tags", "plain has other tags", "plain of another platform"],
)
def test_a_better_build_is_listed_under_the_tags_it_must_beat_too(listed: list[str], names: list[str]) -> None:
    index = add_document(MemoryUpstream(), "v2", "v3")
    for name in listed:
        index.add(f"demo-1.0-{name.format(*PLATFORM_TAGS)}.whl")
    found = [
        " ".join([plain.label or "plain", *plain.plain_name[:-4].split("-")[-3:]])
        for plain in view_of(index, parses_variant_markers=True).files
    ]
    platforms = {f"p{i}": tag.split("-")[2] for i, tag in enumerate(PLATFORM_TAGS)}
    expected = [name.format(n=TARGET.environment["python_version"].replace(".", ""), **platforms) for name in names]
    assert [[sorted(part.split(".")) for part in name.split()] for name in found] == [
        [sorted(part.split(".")) for part in name.split()] for name in expected
    ]


def test_a_wheel_without_a_digest_still_has_a_build_tag_of_its_own() -> None:
    index = add_document(MemoryUpstream(), "v2", "v3")
    for label in ("v2", "v3"):
        index.add(f"demo-1.0-py3-none-any-{label}.whl", digest=False)
    names = [plain.plain_name for plain in view_of(index, parses_variant_markers=True).files]
    assert all(re.fullmatch(r"demo-1\.0-9900[12]h[0-9a-f]{8}-py3-none-any\.whl", name) for name in names)
    assert len({name.split("h")[1] for name in names}) == 2


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda index: index.gone.add("demo-1.0-variants.json"), "variants-json-missing"),
        (lambda index: index.add("demo-1.0-variants.json", b'{"variants": '), "metadata-invalid"),
        (lambda index: add_document(index, "other"), "label-not-in-metadata"),
        (lambda index: add_document(index, "null", "v2", "v3", digest=False, v2="v3", v3="v2"), "metadata-mismatch"),
        (lambda index: add_document(index, "v3", digest=False, provider="other"), "metadata-mismatch"),
    ],
    ids=["404", "broken", "other labels", "re-pointed label", "other provider"],
)
def test_attack_17_metadata_that_cannot_be_used_costs_the_variants_and_never_the_plain_wheel(
    upstream: MemoryUpstream, spoil: Callable[[MemoryUpstream], object], code: str
) -> None:
    spoil(upstream)
    view = view_of(upstream)
    assert labels_of(view) == [None]
    assert code in codes_of(view)
    assert pip_choice(view) == view.files[0]


@pytest.mark.parametrize("hashes", [{}, {"md5": "0" * 32}], ids=["no digest", "only a weak one"])
def test_metadata_that_no_digest_vouches_for_is_used_when_the_best_wheel_agrees(
    upstream: MemoryUpstream, hashes: dict[str, str]
) -> None:
    name = "demo-1.0-variants.json"
    upstream.files[name] = upstream.files[name]._replace(hashes=hashes)
    assert labels_of(view_of(upstream)) == ["v3", "v2", "null", None]
    assert [name for name in upstream.reads if "variant.json" in name] == [
        "demo-1.0-py3-none-any-v3.whl.dist-info/variant.json"
    ]


def test_metadata_without_a_digest_that_contradicts_the_wheel_is_refused_under_require_hashes(
    upstream: MemoryUpstream,
) -> None:
    add_document(upstream, "null", "v2", "v3", digest=False, v2="v3", v3="v2")
    with pytest.raises(RefusedError, match="other properties"):
        view_of(upstream, require_hashes=True)


def test_without_a_variants_json_the_wheels_metadata_are_combined(upstream: MemoryUpstream) -> None:
    del upstream.files["demo-1.0-variants.json"]
    view = view_of(upstream)
    assert labels_of(view) == ["v3", "v2", "null", None]
    assert codes_of(view) == []
    reads = [name for name in upstream.reads if name.endswith("/variant.json")]
    assert len(reads) == 4, "one wheel per label is enough"


@pytest.mark.parametrize("wrong", [None, "v9"], ids=["none inside", "another label inside"])
def test_wheels_whose_own_metadata_are_broken_are_not_combined(
    upstream: MemoryUpstream, tmp_path: Path, wrong: str | None
) -> None:
    del upstream.files["demo-1.0-variants.json"]
    upstream.add(*wheel_bytes(tmp_path, "v2", variant=document(wrong) if wrong else None))
    view = view_of(upstream)
    assert (labels_of(view), codes_of(view)) == ([None], ["variants-json-missing"])


@pytest.mark.parametrize(
    "name",
    ["demo-1.0-variants.json", "demo-1.0-py3-none-any-v3.whl"],
    ids=["variants.json", "METADATA"],
)
def test_an_index_that_does_not_answer_is_no_reason_to_fall_back(upstream: MemoryUpstream, name: str) -> None:
    upstream.fails.add(name)
    with pytest.raises(UndeterminedError, match="503"):
        view_of(upstream)


MARKER = 'dep; "x86_64" in variant_namespaces'


def test_a_wheel_with_variant_markers_is_offered_only_to_an_installer_that_reads_them(
    upstream: MemoryUpstream, tmp_path: Path
) -> None:
    upstream.add(*wheel_bytes(tmp_path, "v3", requires=["other>=1", MARKER]))
    assert labels_of(view_of(upstream, parses_variant_markers=True)) == ["v3", "v2", "null", None]
    view = view_of(upstream)
    assert labels_of(view) == ["v2", "null", None]
    assert codes_of(view) == ["variant-markers"]
    assert [plain.plain_name.partition("h")[0] for plain in view.files[:2]] == ["demo-1.0-99002", "demo-1.0-99001"]


def test_many_wheels_with_variant_markers_give_one_note(upstream: MemoryUpstream, tmp_path: Path) -> None:
    for label in ("v3", "v2", "null"):
        upstream.add(*wheel_bytes(tmp_path, label, requires=[MARKER]))
    view = view_of(upstream)
    assert labels_of(view) == [None]
    assert codes_of(view) == ["variant-markers"]
    assert view.choices[0].notes[0][1].endswith("(and 2 more)")


def test_markers_are_read_from_the_advertised_metadata_file(upstream: MemoryUpstream) -> None:
    name = "demo-1.0-py3-none-any-v3.whl"
    upstream.files[name] = upstream.files[name]._replace(core_metadata=True)
    upstream.contents[f"{name}.metadata"] = f"Metadata-Version: 2.1\nRequires-Dist:\n {MARKER}\n".encode()
    assert labels_of(view_of(upstream)) == ["v2", "null", None]
    assert name not in upstream.reads


def test_an_advertised_metadata_file_that_is_missing_is_read_from_the_wheel(upstream: MemoryUpstream) -> None:
    name = "demo-1.0-py3-none-any-v3.whl"
    upstream.files[name] = upstream.files[name]._replace(core_metadata=True)
    assert labels_of(view_of(upstream)) == ["v3", "v2", "null", None]


def test_a_wheel_whose_metadata_cannot_be_read_is_left_out(upstream: MemoryUpstream) -> None:
    upstream.gone.add("demo-1.0-py3-none-any-v3.whl")
    view = view_of(upstream)
    assert (labels_of(view), codes_of(view)) == (["v2", "null", None], ["wheel-unreadable"])


def test_versions_outside_the_specifier_are_left_plain_and_not_read(upstream: MemoryUpstream) -> None:
    for version in ("0.9", "2.0rc1", "2.0"):
        upstream.add(f"demo-{version}-py3-none-any.whl")
        upstream.add(f"demo-{version}-py3-none-any-v3.whl")
        add_document(upstream, "v3", version=version)
    view = view_of(upstream, specifiers={"Demo": ">=1,<2"}, parses_variant_markers=True)
    assert [choice.version for choice in view.choices] == ["1.0"]
    assert upstream.reads == ["demo-1.0-variants.json"]
    untouched = [plain.plain_name for plain in view.files if plain.label is None]
    assert untouched == [f"demo-{version}-py3-none-any.whl" for version in ("1.0", "0.9", "2.0rc1", "2.0")]


def test_a_specifier_that_is_none_is_said() -> None:
    with pytest.raises(InputError, match="version specifier"):
        view_of(MemoryUpstream(), specifiers={"demo": "newest"})


@pytest.mark.parametrize(
    ("requires_python", "labels"),
    [(">=99", [None]), (">=3.9", ["v3", None]), ("whatever", ["v3", None]), (None, ["v3", None])],
)
def test_a_version_that_the_interpreter_cannot_install_is_not_read(
    requires_python: str | None, labels: list[str | None]
) -> None:
    index = add_document(MemoryUpstream(), "v3").add("demo-1.0-py3-none-any.whl")
    index.add("demo-1.0-py3-none-any-v3.whl", requires_python=requires_python)
    assert labels_of(view_of(index, parses_variant_markers=True)) == labels
    assert bool(index.reads) == (labels != [None])


def test_one_label_asked_for_leaves_nothing_else_to_take(upstream: MemoryUpstream) -> None:
    upstream.add("demo-1.0.tar.gz").add("demo-2.0-py3-none-any.whl").add("demo-3.0.tar.gz")
    view = view_of(upstream, variants={"Demo": "v2"})
    assert labels_of(view) == ["v2"]
    assert not [name for name in upstream.reads if "v3" in name]


@pytest.mark.parametrize(
    ("label", "options", "reason"),
    [
        ("v4", {}, "v4 needs x86_64 :: level :: v4, which this machine does not support"),
        ("v9", {}, "expected a variant 'v9', found only: null, v2, v3, v4"),
        ("v3", {"specifiers": {"demo": "<1"}}, "no version that may be installed"),
        ("v3", {"target": TARGET._replace(tags=("cp99-none-any",))}, "no wheel for this interpreter"),
    ],
    ids=["unsupported", "unknown", "no version", "no wheel"],
)
def test_one_label_that_cannot_be_had_is_refused_with_the_reason(
    upstream: MemoryUpstream, label: str, options: dict[str, object], reason: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        view_of(upstream, variants={"demo": label}, **options)
    assert reason in str(caught.value)


def test_one_label_whose_wheel_the_installer_cannot_read_is_refused(upstream: MemoryUpstream, tmp_path: Path) -> None:
    upstream.add(*wheel_bytes(tmp_path, "v3", requires=[MARKER]))
    with pytest.raises(RefusedError, match="variant markers"):
        view_of(upstream, variants={"demo": "v3"})


def test_a_yanked_build_is_listed_as_yanked_and_not_taken(upstream: MemoryUpstream) -> None:
    name = "demo-1.0-py3-none-any-v3.whl"
    upstream.files[name] = upstream.files[name]._replace(yanked="too fast")
    view = view_of(upstream)
    assert labels_of(view) == ["v2", "null", "v3", None]
    assert pip_choice(view) == view.files[0]
    assert pip_choice(view, upstream.files[name].hashes["sha256"]) == view.files[2]


def test_a_preference_is_heeded(upstream: MemoryUpstream) -> None:
    assert labels_of(view_of(upstream, prefer=(Property("x86_64", "level", "v2"),))) == ["v2", "v3", "null", None]


tags = st.sampled_from(
    [*PLATFORM_TAGS, "py3-none-any", "py2.py3-none-any", f"{PLATFORM_TAGS[2]}.win32", "cp27-cp27m-win32"]
)
builds = st.sampled_from(["", "1-", "100000-", "7b-"])
variant_wheels = st.builds("{}{}-{}".format, builds, tags, st.sampled_from(LABELS))
plain_wheels = st.builds("{}{}".format, builds, tags)


def law_index(listed: Sequence[str]) -> MemoryUpstream:
    index = add_document(MemoryUpstream(), *LABELS)
    for name in listed:
        index.add(f"demo-1.0-{name}.whl")
    return index


@settings(deadline=None)
@given(st.lists(st.one_of(variant_wheels, plain_wheels), unique=True, min_size=1, max_size=8))
def test_pip_takes_what_selection_ranks_first_and_exactly_what_is_pinned(listed: list[str]) -> None:
    index = law_index(listed)
    view = view_of(index, parses_variant_markers=True)
    assert len({plain.plain_name for plain in view.files}) == len(view.files)
    for plain in view.files:
        assert plain.file == index.files[plain.file.filename]
        if fits(plain.plain_name):
            assert pip_choice(view, plain.file.hashes["sha256"]) == plain
    for choice in view.choices:
        best, taken = best_wheel(choice), pip_choice(view)
        assert taken is not None
        assert best == (taken.label, taken.file)


@settings(deadline=None)
@given(st.lists(variant_wheels, unique=True, min_size=1, max_size=8), st.lists(plain_wheels, unique=True, max_size=3))
def test_plain_wheels_beside_a_build_that_fits_never_change_what_pip_takes(
    variants: list[str], plain: list[str]
) -> None:
    alone = pip_choice(view_of(law_index(variants), parses_variant_markers=True))
    beside = pip_choice(view_of(law_index([*variants, *plain]), parses_variant_markers=True))
    assert alone is None or beside is not None
    assert alone is None or (beside is not None and alone.file == beside.file)


@settings(deadline=None)
@given(st.lists(st.one_of(variant_wheels, plain_wheels), unique=True, min_size=1, max_size=8), st.randoms())
def test_the_best_build_wins_in_whatever_order_an_installer_has_its_tags(listed: list[str], random: Random) -> None:
    view = view_of(law_index(listed), parses_variant_markers=True)
    order = sorted(FITTING)
    random.shuffle(order)
    position = {tag: i for i, tag in enumerate(order)}

    def key(plain: PlainFile) -> tuple[int, tuple[int, str] | tuple[()]]:
        _, _, build, tags = parse_wheel_filename(plain.plain_name)
        return -min(position[str(tag)] for tag in tags if str(tag) in position), build

    for choice in view.choices:
        ranked = sorted(filter(lambda plain: fits(plain.plain_name), view.files), key=key, reverse=True)
        assert [plain.file for plain in ranked[: len(choice.ranked)]] == [one.file for one in choice.ranked]


UV = shutil.which("uv", path=f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ.get('PATH', '')}")
INSTALLERS = {
    "pip": [sys.executable, "-m", "pip", "--isolated", "install", "--no-deps", "--disable-pip-version-check"],
    "uv": [UV or "uv", "pip", "install", "--python", sys.executable, "--no-config", "--no-deps"],
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[ProjectView, MemoryUpstream], str]]:
    """Serves a view's page and files on loopback; the index's address comes back."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Cache-Control", "no-cache" if self.path.endswith("/") else "immutable, max-age=3600")
            super().end_headers()

        def log_message(self, *args: object) -> None:
            pass

    root = tmp_path / "served"
    (root / "simple" / "demo").mkdir(parents=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()

    def put(view: ProjectView, upstream: MemoryUpstream) -> str:
        links = []
        for plain in view.files:
            (root / plain.plain_name).write_bytes(upstream.contents[plain.file.filename])
            digest = plain.file.hashes["sha256"]
            links.append(f'<a href="/{plain.plain_name}#sha256={digest}">{plain.plain_name}</a>')
        (root / "simple" / "demo" / "index.html").write_text("<!DOCTYPE html>" + "<br>".join(links))
        return f"http://127.0.0.1:{server.server_port}/simple"

    yield put
    server.shutdown()
    thread.join()
    server.server_close()


def installed_label(installer: str, index: str, place: Path, requirement: str) -> str:
    """Install with the real installer, one cache for all, and read which build came out of it."""
    requirements = place.with_suffix(".txt")
    requirements.write_text(requirement + "\n")
    command = [*INSTALLERS[installer], "--index-url", index, "--target", str(place), "-r", str(requirements)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
    environ |= {"PIP_CACHE_DIR": f"{place.parent}/pip", "UV_CACHE_DIR": f"{place.parent}/uv", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    return (place / "demo" / "__init__.py").read_text().strip()


@pytest.mark.parametrize("installer", INSTALLERS)
def test_real_installers_take_the_best_build_and_each_pinned_one(
    installer: str, tmp_path: Path, served: Callable[[ProjectView, MemoryUpstream], str]
) -> None:
    if installer == "uv" and UV is None:
        pytest.skip("no uv here")
    upstream = MemoryUpstream()
    for label, tag in ((None, 0), ("v3", None), ("v2", 1), ("v4", 0)):
        upstream.add(*wheel_bytes(tmp_path, label, tag="py3-none-any" if tag is None else PLATFORM_TAGS[tag]))
    view = view_of(add_document(upstream, "v2", "v3", "v4"))
    assert labels_of(view) == ["v3", "v2", None]
    index = served(view, upstream)
    assert installed_label(installer, index, tmp_path / "best", "demo") == "LABEL = 'v3'"
    for plain in view.files:
        pin = f"demo==1.0 --hash=sha256:{plain.file.hashes['sha256']}"
        assert installed_label(installer, index, tmp_path / f"pin-{plain.label}", pin) == f"LABEL = {plain.label!r}"


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_cache_does_not_bring_back_the_build_of_another_machine(
    installer: str, tmp_path: Path, served: Callable[[ProjectView, MemoryUpstream], str], upstream: MemoryUpstream
) -> None:
    if installer == "uv" and UV is None:
        pytest.skip("no uv here")
    index = served(view_of(upstream), upstream)
    assert installed_label(installer, index, tmp_path / "one", "demo") == "LABEL = 'v3'"
    index = served(view_of(upstream, prefer=(Property("x86_64", "level", "v2"),)), upstream)
    assert installed_label(installer, index, tmp_path / "two", "demo") == "LABEL = 'v2'"

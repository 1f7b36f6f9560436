"""The wheel that is checked: its members, metadata, entry points and modules, read once."""

from __future__ import annotations

import ast
import configparser
import email.parser
import hashlib
import io
import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.trust.canonical import MAX_CONTENT_BYTES
from variantkit.variants.archive import open_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Definition = ast.FunctionDef | ast.AsyncFunctionDef

GROUP = "variant_plugins"
MAX_WHEEL_BYTES = 64 << 20
MAX_MEMBER_BYTES = 8 << 20
_is_override = re.compile(r"[A-Z0-9_]+_VARIANT_PROVIDER_[A-Z0-9_]+").fullmatch
_is_hint = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{2,39}").fullmatch
HINTS = 160
MARKS = 4
_PLUMBING = ("/__main__.py", "/_machine.py", "/_child.py")  # of our template: they know no hardware


class Subject(NamedTuple):
    """A provider wheel. `members` are all files; `entry_points` are (group, name, reference); `endpoint` is asked.
    `metadata` has its headers by name in lower case, since readers take them in any.

    `modules` are the paths of its modules with their syntax trees, or why one has none. `texts` and `numbers` are the
    constants in them, but for what is vendored and what every provider of our template has.
    """

    where: str
    data: bytes
    members: Mapping[str, bytes]
    modules: Mapping[str, ast.Module | SyntaxError]
    texts: tuple[str, ...]
    numbers: tuple[int, ...]
    package: str
    version: str
    tag: str
    pure: bool
    metadata: Mapping[str, tuple[str, ...]]
    description: str
    entry_points: tuple[tuple[str, str, str], ...]
    namespace: str
    endpoint: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def packages(self) -> frozenset[str]:
        """The top-level import names."""
        tops = {name.partition("/") for name in self.members if ".dist-info/" not in name and ".data/" not in name}
        return frozenset(
            top if slash else top.removesuffix(".py") for top, slash, _ in tops if slash or top[-3:] == ".py"
        )


def read_subject(path: str, *, endpoint: str | None = None, namespace: str | None = None) -> Subject:
    """Read the wheel at `path`; InputError when it is none."""
    data = _read_wheel(path)
    members, info = _read_members(path, data)
    metadata = email.parser.BytesParser().parsebytes(members.get(f"{info}/METADATA", b""))
    wheel = email.parser.BytesParser().parsebytes(members.get(f"{info}/WHEEL", b""))
    package = re.sub(r"[-_.]+", "-", str(metadata.get("Name", ""))).lower()
    points = tuple(_read_entry_points(path, members.get(f"{info}/entry_points.txt", b"")))
    plugins = [(name, reference) for group, name, reference in points if group == GROUP]
    chosen = endpoint or (plugins[0][1] if plugins else package.replace("-", "_"))
    modules = {name: _parse(name, content) for name, content in sorted(members.items()) if name.endswith(".py")}
    constants = _constants(modules)
    return Subject(
        where=path,
        data=data,
        members=members,
        modules=modules,
        texts=tuple(value for value in constants if isinstance(value, str)),
        numbers=tuple(value for value in constants if type(value) is int),
        package=package,
        version=str(metadata.get("Version", "")),
        tag=str(wheel.get("Tag", "")),
        pure=str(wheel.get("Root-Is-Purelib", "")).lower() == "true" and len(wheel.get_all("Tag", ())) == 1,
        metadata={key.lower(): tuple(map(str, metadata.get_all(key, ()))) for key in metadata},
        description=str(metadata.get_payload() or metadata.get("Description", "")),
        entry_points=points,
        namespace=namespace or _namespace_of(modules, chosen, plugins, package),
        endpoint=chosen,
    )


class _Held(io.BytesIO):
    """A wheel's bytes with the name of their file: they are read once, so that what is judged is what runs."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def _read_wheel(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_WHEEL_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: expected a wheel, found no readable file ({error.strerror or error})") from None
    if len(data) > MAX_WHEEL_BYTES:
        raise InputError(f"{path}: expected a provider's wheel, found more than {MAX_WHEEL_BYTES >> 20} MiB")
    return data


def _read_members(path: str, data: bytes) -> tuple[dict[str, bytes], str]:
    """Every file of the wheel, and the name of its dist-info directory."""
    with open_wheel(_Held(data, path)) as contents:
        infos = [info for info in contents.archive.infolist() if not info.is_dir()]
        large = next((info.filename for info in infos if info.file_size > MAX_MEMBER_BYTES), None)
        if large is not None:
            raise InputError(f"{path}: {large}: expected at most {MAX_MEMBER_BYTES >> 20} MiB, found more")
        if sum(info.file_size for info in infos) > MAX_CONTENT_BYTES:
            raise InputError(f"{path}: expected at most {MAX_CONTENT_BYTES >> 20} MiB unpacked, found more")
        return {info.filename: contents.archive.read(info) for info in infos}, contents.info


def _parse(name: str, data: bytes) -> ast.Module | SyntaxError:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape of the provider's is no warning of ours
        try:
            return ast.parse(data, name)
        except SyntaxError as error:
            return error
        except ValueError as error:  # a NUL character, before 3.12
            return SyntaxError(str(error))
        except (MemoryError, RecursionError):  # a million brackets or minus signs
            return SyntaxError("nested too deep")


def _read_entry_points(path: str, data: bytes) -> Iterator[tuple[str, str, str]]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(data.decode("utf-8", "replace"))
    except configparser.Error as error:
        raise InputError(f"{path}: entry_points.txt cannot be read: {str(error).splitlines()[0]}") from None
    for group in parser.sections():
        for name, reference in parser.items(group):
            yield group, name, (reference.partition("[")[0] if reference.endswith("]") else reference).strip()


def _namespace_of(
    modules: Mapping[str, ast.Module | SyntaxError], endpoint: str, plugins: list[tuple[str, str]], package: str
) -> str:
    """What the plugin says, else the table of our template, else the entry point's or the package's name."""
    module, _, names = endpoint.partition(":")
    stem = module.replace(".", "/")
    for path in (f"{stem}.py", f"{stem}/__init__.py", f"{stem.partition('/')[0]}/_tables.py"):
        tree = modules.get(path)
        if isinstance(tree, ast.Module):
            said = _assigned_text(find_object(tree, names) or tree, "namespace") or _assigned_text(tree, "NAMESPACE")
            if said:
                return said
    names_given = [name for name, reference in plugins if reference == endpoint]
    given = names_given[0] if names_given else package
    return re.sub(r"_?variant_?|_?provider_?|_?plugin_?", "", given.replace("-", "_")) or given


def _assigned_text(node: ast.AST, name: str) -> str:
    for statement in getattr(node, "body", ()):
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
        if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return ""


def find_object(tree: ast.Module, path: str) -> ast.AST | None:
    """The class or function that `path` (dotted) names in a module, as far as its source says so."""
    node: ast.AST = tree
    for name in path.split(".") if path else ():
        found = [
            statement
            for statement in getattr(node, "body", ())
            if isinstance(statement, (ast.ClassDef, ast.FunctionDef)) and statement.name == name
        ]
        if not found:
            return None
        node = found[-1]
    return node


def _constants(modules: Mapping[str, ast.Module | SyntaxError]) -> list[object]:
    """Every constant in the provider's own source, in order, once."""
    own = [tree for name, tree in modules.items() if "/_vendor/" not in name and not name.endswith(_PLUMBING)]
    nodes = [node for tree in own if isinstance(tree, ast.Module) for node in ast.walk(tree)]
    # Keyed by the type too: 1, 1.0 and True are equal.
    found = {(type(node.value), node.value): node.value for node in nodes if isinstance(node, ast.Constant)}
    return list(found.values())


def hints(subject: Subject) -> tuple[str, ...]:
    """Words of the source that a file of the machine may contain or be called."""
    names = [text for text in subject.texts if len(text) < 200 and len(text.split()) <= 3]  # no sentences
    texts = [part for text in names for part in re.split(r"[\s/=*?\[\]]+", text)]
    return tuple(dict.fromkeys(part for part in texts if _is_hint(part)))[:HINTS]


def marks(subject: Subject) -> tuple[str, ...]:
    """What a file may hold by which a provider knows its vendor's devices: the first hexadecimal words in it."""
    words = [text for text in subject.texts if re.fullmatch("0x[0-9a-f]{2,8}", text)]
    words += [hex(number) for number in subject.numbers if 0x100 <= number <= 0xFFFF and number & (number - 1)]
    return tuple(dict.fromkeys(words))[:MARKS]


def documented_overrides(subject: Subject) -> list[str]:
    """The overrides that the source or the description names."""
    words = [*subject.texts, *re.findall("[A-Z0-9_]+", subject.description)]
    return sorted({word for word in words if _is_override(word)})

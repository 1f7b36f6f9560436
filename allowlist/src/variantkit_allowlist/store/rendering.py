"""Rendering of tables as TOML in the one form that the tool writes, with the comments that belong to them."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

from variantkit_allowlist.model import Ledger
from variantkit_allowlist.store.comments import Remarks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from variantkit_allowlist.store.comments import Lines
    from variantkit_allowlist.store.layout import Path

WIDTH = 120
_ROLE_ORDER = ("root", "targets", "snapshot", "timestamp")


class Renderer:
    """Writes tables and uses up the comments as it goes; what is left at the end was about things that are gone."""

    def __init__(self, remarks: Mapping[Path, Remarks], closing: Mapping[Path, Lines]) -> None:
        self.remarks = dict(remarks)
        self.closing = dict(closing)
        self.sections: list[str] = []
        self._pending: Lines = ()

    def table(self, path: Path, table: Mapping[str, object], kind: str = "table") -> None:
        """Render a table with all tables below it, as sections."""
        plain = [key for key, value in table.items() if not _is_tables(value)]
        below = [key for key in table if key not in plain]
        said = self.remarks.pop(path, Remarks())
        if path and kind == "table" and below and not plain:
            self._pending += (*said.lead, *([said.trailing] if said.trailing else []), *self.closing.pop(path, ()))
        else:
            self._section(path, {key: table[key] for key in ordered(path, plain)}, kind, said)
        for key in ordered(path, below):
            self._below((*path, key), table[key])

    def _below(self, path: Path, value: object) -> None:
        if isinstance(value, dict):
            self.table(path, value)
            return
        assert isinstance(value, list)
        said = self.remarks.pop(path, Remarks())
        self._pending += (*said.lead, *([said.trailing] if said.trailing else []))
        for at, item in enumerate(value):
            self.table((*path, at), item, "array")
        after = self.remarks.pop((*path, len(value)), Remarks())
        self._pending += (*after.lead, *([after.trailing] if after.trailing else []))

    def _section(self, path: Path, plain: Mapping[str, object], kind: str, said: Remarks) -> None:
        lines = [*self.take_pending(), *said.lead]
        if path:
            name = ".".join(_key(part) for part in path if isinstance(part, str))
            lines.append(_with(f"[[{name}]]" if kind == "array" else f"[{name}]", said.trailing))
        for key, value in plain.items():
            lines += self._pair((*path, key), key, value)
        lines += self.closing.pop(path, ())
        if lines:
            self.sections.append("\n".join(lines))

    def take_pending(self) -> Lines:
        """Comments of a table that has no line of its own, for what comes next."""
        pending, self._pending = self._pending, ()
        return pending

    def _pair(self, path: Path, key: str, value: object) -> list[str]:
        said = self.remarks.pop(path, Remarks())
        if isinstance(value, list):
            items = [self.remarks.pop((*path, at), Remarks()) for at in range(len(value) + 1)]
            rendered = _list(key, value, items)
        else:
            rendered = [f"{_key(key)} = {_value(value)}"]
        rendered[-1] = _with(rendered[-1], said.trailing)
        return [*said.lead, *rendered]


def _is_tables(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _with(line: str, comment: str) -> str:
    return f"{line}  {comment}" if comment else line


def _list(key: str, values: Sequence[object], said: Sequence[Remarks]) -> list[str]:
    """A list on one line where it fits and nothing is said in it; else an item a line."""
    one = f"{_key(key)} = [{', '.join(map(_value, values))}]"
    if not any(remark.lead or remark.trailing for remark in said) and (len(one) <= WIDTH or not values):
        return [one]
    lines = [f"{_key(key)} = ["]
    for value, remark in zip(values, said, strict=False):
        lines += [f"  {comment}" for comment in remark.lead]
        lines.append(_with(f"  {_value(value)},", remark.trailing))
    last = said[len(values)]
    lines += [f"  {comment}" for comment in (*last.lead, last.trailing) if comment]
    return [*lines, "]"]


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _text(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    assert isinstance(value, int)
    return str(value)


def _text(text: str) -> str:
    """A basic string; control characters cannot be in it, since reading refuses them."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def ordered(path: Path, keys: Sequence[str]) -> list[str]:
    """Keys of a table in their one order: the model's where it names them, else the alphabet's."""
    if path == ("roles",):
        return sorted(keys, key=_ROLE_ORDER.index)
    model = _model_of(path)
    if model is None:
        return sorted(keys)
    names = [field.alias or name for name, field in model.model_fields.items()]
    return sorted(keys, key=names.index)


def _model_of(path: Path) -> type[BaseModel] | None:
    """The model of the table at a path; None for a table of names."""
    annotation: object = Ledger
    for part in path:
        if isinstance(part, int):
            continue
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
            annotation = _inner(fields[part])
        else:
            annotation = _inner(get_args(annotation)[1])
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _inner(annotation: object) -> object:
    """The model inside `X | None` or `tuple[X, ...]`; a dict as it is."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    models = [item for item in get_args(annotation) if isinstance(item, type) and issubclass(item, BaseModel)]
    is_dict = getattr(annotation, "__origin__", None) is dict
    return models[0] if models and not is_dict else annotation

"""Filters kept under a name, in a TOML file that its owner may edit too."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_analysis.protocol import RowQuery
from mlflow_analysis.untrusted import single_line
from mlflow_tui.config.toml_file import NotToml, read_toml, replace_file

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

LONGEST_NAME = 40
"""Characters."""
_FILTER = "filter"
_FIELDS = {
    "text": "text",
    "failures": "failures_only",
    "slow": "slow_only",
    "session": "session_id",
    "finding": "finding",
}
"""Keys of a saved filter besides ``filter``, and the fields of ``RowQuery`` that they are."""


class FiltersNotUnderstood(ValueError):  # noqa: N818 - shown to people
    """The file, or a filter of it, cannot be used: a sentence, and what to do about it."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence, self.remedy = sentence, remedy


@dataclass(frozen=True)
class SavedFilter:
    """Everything that narrows the list of traces, under a name."""

    name: str
    filter_string: str
    """For the store to evaluate; "" for none."""
    query: RowQuery = field(default_factory=RowQuery)
    """The quick filters; its order is not kept."""

    def words(self) -> str:
        """What it lets through, in a few words."""
        query = self.query
        parts = [
            self.filter_string,
            f"finding {query.finding}" if query.finding else "",
            "failures" if query.failures_only else "",
            "slowest tenth" if query.slow_only else "",
            f"session {query.session_id}" if query.session_id else "",
            f"text “{query.text}”" if query.text else "",
        ]
        return single_line(" · ".join(part for part in parts if part)) or "all traces"

    def for_store(self) -> str:
        """The whole of it as a filter of MLflow's. Raises ``FiltersNotUnderstood`` where that cannot be."""
        query = self.query
        if query.text or query.slow_only or query.finding:
            kinds = {"text": query.text, "slow": query.slow_only, "finding": query.finding}
            named = ", ".join(kind for kind, is_on in kinds.items() if is_on)
            raise FiltersNotUnderstood(
                f"The filter {self.name} holds what only the list of traces can do ({named}).",
                "Save one without it, or give the filter itself.",
            )
        parts = [self.filter_string] if self.filter_string else []
        if query.failures_only:
            parts.append("trace.status = 'ERROR'")
        if query.session_id:
            quote = '"' if "'" in query.session_id else "'"
            parts.append(f"metadata.`mlflow.trace.session` = {quote}{query.session_id}{quote}")
        return " AND ".join(parts)


class SavedFilters:
    """The filters in the file at ``path``. Raises ``FiltersNotUnderstood`` and ``OSError``.

    Every change reads the file anew, changes only what it is about, and replaces the file in one step.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[SavedFilter]:
        """Every filter, in the order of the file. One that cannot be used makes the file so."""
        return [self._understood(name, table) for name, table in self._tables(self._read()).items()]

    def get(self, name: str) -> SavedFilter:
        """The filter of that name."""
        found = self.all()
        for each in found:
            if each.name == name:
                return each
        there = ", ".join(each.name for each in found)
        raise FiltersNotUnderstood(
            f"There is no saved filter called {single_line(name)}.",
            f"There are: {there}." if there else f"There are none yet in {self.path}.",
        )

    def save(self, name: str, filter_string: str, query: RowQuery) -> None:
        """Keep what is given as ``name``, in place of what was kept so."""
        import tomlkit

        name = fit_name(name)
        with self._change() as tables:
            table = tables.get(name)
            if not isinstance(table, dict):
                tables[name] = tomlkit.table()
                table = tables[name]
            kept: dict[str, Any] = {_FILTER: filter_string}
            kept |= {key: getattr(query, name) for key, name in _FIELDS.items()}
            for key, value in kept.items():
                if value:
                    table[key] = value
                else:
                    table.pop(key, None)

    def rename(self, old: str, new: str) -> None:
        """Call ``old`` ``new``."""
        new = fit_name(new)
        with self._change() as tables:
            self._must_have(old, tables)
            if new != old and new in tables:
                raise FiltersNotUnderstood(
                    f"There is a filter called {new} already.", "Choose another name."
                )
            tables[new] = tables.pop(old)

    def delete(self, name: str) -> None:
        """Forget it."""
        with self._change() as tables:
            self._must_have(name, tables)
            tables.pop(name)

    # ---- the file -----------------------------------------------------------------------

    def _read(self) -> TOMLDocument | None:
        try:
            return read_toml(self.path)
        except NotToml as error:
            raise self._broken(str(error)) from error

    def _broken(self, why: str) -> FiltersNotUnderstood:
        return FiltersNotUnderstood(
            f"The filters in {self.path} cannot be read: {why}.",
            "Mend the file, or move it away; nothing in it is changed until then.",
        )

    def _tables(self, document: Mapping[str, Any] | None) -> Any:
        tables = (document or {}).get("filters", {})
        if not isinstance(tables, dict):
            raise self._broken("“filters” is not a table")
        return tables

    def _must_have(self, name: str, tables: Mapping[str, Any]) -> None:
        if name not in tables:  # somebody else may have taken it away meanwhile
            raise FiltersNotUnderstood(
                f"The filter {single_line(name)} is no longer there.", "Choose another."
            )

    def _understood(self, called: str, table: Any) -> SavedFilter:
        if not isinstance(table, dict):
            raise self._broken(f"{single_line(called)} is not a table")
        fields: dict[str, Any] = {}
        for key, name in {_FILTER: _FILTER, **_FIELDS}.items():
            wanted = bool if isinstance(getattr(RowQuery(), name, ""), bool) else str
            value = table.get(key, wanted())
            if not isinstance(value, wanted):
                kind = "true or false" if wanted is bool else "a text"
                raise self._broken(f"{key} of {single_line(called)} is not {kind}")
            fields[name] = wanted(value)
        return SavedFilter(str(called), fields.pop(_FILTER), RowQuery(**fields))

    @contextlib.contextmanager
    def _change(self) -> Iterator[Any]:
        import tomlkit

        document = self._read()
        if document is None:
            document = tomlkit.document()
            document.add(
                tomlkit.comment("Filters of mlflow-tui: F lists them, --filter @NAME uses one.")
            )
        if "filters" not in document:
            document["filters"] = tomlkit.table(is_super_table=True)
        yield self._tables(document)
        replace_file(self.path, tomlkit.dumps(document))


def fit_name(name: str) -> str:
    """``name`` as a filter may be called. Raises ``FiltersNotUnderstood``."""
    name = name.strip().removeprefix("@")
    if not name or len(name) > LONGEST_NAME or single_line(name) != name:
        raise FiltersNotUnderstood(
            "That is no name for a filter.", f"Give 1 to {LONGEST_NAME} characters on one line."
        )
    return name

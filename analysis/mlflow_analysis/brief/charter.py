"""What the user says of an application: what it does, its tools, its scope, and what they ask of it.

Kept for each experiment in a JSON file beside its review, so that it holds in every later analysis::

    {"description": "Answers questions about orders and refunds.",
     "tools": ["order_lookup", "refund_service"],
     "out_of_scope": ["weather", "return · policy · days"],
     "focus": ["refund -> latency"]}

Every part may be left out. ``mlflow-tui analyze --purpose FILE`` takes the same file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlflow_analysis.brief.focus import Focus, FocusNotUnderstood, parse
from mlflow_analysis.brief.not_understood import NotUnderstood
from mlflow_analysis.findings.purpose import Purpose
from mlflow_analysis.review import review_path
from mlflow_analysis.untrusted import printable

_KEYS = ("description", "tools", "out_of_scope", "focus")
_LARGEST = 1_000_000


class CharterNotUnderstood(NotUnderstood):
    """A file that does not say what it should: a sentence, and what to do."""


@dataclass(frozen=True, slots=True)
class Charter:
    """The user's word on one application. Empty parts were not said."""

    description: str = ""
    tools: tuple[str, ...] | None = None
    """The tools it has, by name; a call of any other is one too many."""
    out_of_scope: tuple[str, ...] = ()
    """Labels of request patterns, or words: such requests need not be answered."""
    focuses: tuple[Focus, ...] = ()

    @property
    def purpose(self) -> Purpose | None:
        """The purpose as the user put it; ``None`` if nothing was said of it."""
        if not self.description and self.tools is None and not self.out_of_scope:
            return None
        return Purpose(
            self.description,
            confirmed_by_user=True,
            declared_tools=self.tools,
            out_of_scope=self.out_of_scope,
        )

    def with_purpose(self, purpose: Purpose) -> Charter:
        """The same with what a confirmed purpose says."""
        return replace(
            self,
            description=purpose.description,
            tools=purpose.declared_tools,
            out_of_scope=purpose.out_of_scope,
        )


def charter_path(directory: Path, tracking_uri: str, experiment_id: str) -> Path:
    """Where the charter of one experiment of one store is kept: beside its review."""
    return review_path(directory, tracking_uri, experiment_id).with_suffix(".purpose.json")


def read_charter(path: Path) -> Charter:
    """The charter at ``path``; an empty one if there is no file.

    Raises ``CharterNotUnderstood``, and ``OSError`` where the file cannot be read.
    """
    import json  # here and below: not on the way to first paint

    if not path.exists():
        return Charter()
    with path.open("rb") as file:
        content = file.read(_LARGEST)
    try:
        said = json.loads(content)
    except ValueError as error:
        raise _wrong(path, "is not JSON") from error
    if not isinstance(said, dict):
        raise _wrong(path, "holds no JSON object")
    unknown = next((key for key in said if key not in _KEYS), None)
    if unknown is not None:
        raise _wrong(path, f"holds “{printable(str(unknown))[:60]}”, which means nothing here")
    description = said.get("description", "")
    if not isinstance(description, str):
        raise _wrong(path, "has a description that is no text")
    try:
        focuses = tuple(parse(text) for text in _texts(said, "focus", path))
    except FocusNotUnderstood as error:
        raise CharterNotUnderstood(f"{path}: {error.sentence}", error.remedy) from error
    tools = None if said.get("tools") is None else _texts(said, "tools", path)
    return Charter(printable(description), tools, _texts(said, "out_of_scope", path), focuses)


def write_charter(path: Path, charter: Charter) -> None:
    """Keep ``charter`` at ``path``, for its owner's eyes; whole or not at all. Raises ``OSError``."""
    import json

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    said = {
        "description": charter.description,
        "tools": None if charter.tools is None else list(charter.tools),
        "out_of_scope": list(charter.out_of_scope),
        "focus": [focus.text for focus in charter.focuses],
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(said, file, ensure_ascii=False, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _texts(said: dict[str, Any], key: str, path: Path) -> tuple[str, ...]:
    value = said.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _wrong(path, f"has under “{key}” something else than a list of texts")
    return tuple(dict.fromkeys(printable(each) for each in value if each.strip()))


def _wrong(path: Path, what: str) -> CharterNotUnderstood:
    return CharterNotUnderstood(
        f"{path} {what}.",
        'It takes {"description": text, "tools": [names], "out_of_scope": [topics], "focus": [texts]}.',
    )

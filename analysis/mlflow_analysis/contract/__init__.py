"""An analysis as JSON: written, read back, and kept on disk."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of ``writing.analysis_to_json``."""
    text = (files("mlflow_analysis") / "schema" / "analysis-v1.json").read_text(encoding="utf-8")
    published: dict[str, Any] = json.loads(text)
    return published

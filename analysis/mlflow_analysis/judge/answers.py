"""Answers of a judge that were given before, kept on disk: the same question is not paid for twice."""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from pathlib import Path

import orjson

logger = logging.getLogger(__name__)


class KeptAnswers:
    """One file an answer, mode 0600, named by the digest of what was asked. Trouble with the disk is logged."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, *asked: str) -> str | None:
        """The answer to exactly this, or ``None``."""
        try:
            kept = orjson.loads(self._path(asked).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            logger.warning("A kept answer of the judge cannot be read.", exc_info=True)
            return None
        return kept if isinstance(kept, str) else None

    def keep(self, answer: str, *asked: str) -> None:
        """Keep ``answer``; a reader sees all of it or nothing."""
        path = self._path(asked)
        unfinished = path.with_name(f".{uuid.uuid4().hex}")
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(orjson.dumps(answer))
            unfinished.replace(path)
        except OSError:
            logger.warning("An answer of the judge cannot be kept.", exc_info=True)

    def _path(self, asked: tuple[str, ...]) -> Path:
        return self._directory / hashlib.sha256(orjson.dumps(asked)).hexdigest()

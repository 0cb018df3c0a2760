"""What is kept between runs, and where: addresses used before, reviews, logs. No secret is kept."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

RECENT_KEPT = 8


@dataclass
class Settings:
    """Directories in use and the addresses used before, newest first."""

    config_directory: Path
    review_directory: Path
    log_directory: Path
    recent: list[str] = field(default_factory=list)

    @classmethod
    def load(cls) -> Settings:
        """From the user's directories. A file that cannot be read counts as empty."""
        import platformdirs

        settings = cls(
            Path(platformdirs.user_config_dir("mlflow-tui")),
            Path(platformdirs.user_data_dir("mlflow-tui")) / "reviews",
            Path(platformdirs.user_log_dir("mlflow-tui")),
        )
        with contextlib.suppress(OSError, ValueError):
            stored = json.loads(settings._path.read_text(encoding="utf-8"))
            if isinstance(stored, dict) and isinstance(stored.get("recent"), list):
                settings.recent = [each for each in stored["recent"] if isinstance(each, str)]
        return settings

    @property
    def _path(self) -> Path:
        return self.config_directory / "recent.json"

    def remember(self, tracking_uri: str) -> None:
        """Put an address first. One that holds a password is not kept.

        Raises ``OSError`` if the file cannot be written.
        """
        if not tracking_uri or holds_secret(tracking_uri):
            return
        self.recent = [tracking_uri, *(each for each in self.recent if each != tracking_uri)]
        del self.recent[RECENT_KEPT:]
        self.config_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self.config_directory, prefix=".recent")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:  # mkstemp makes it mode 0600
            json.dump({"recent": self.recent}, stream, indent=1)
        Path(name).replace(self._path)


def holds_secret(address: str) -> bool:
    """Whether an address carries a password, or a query (which may carry a token)."""
    parts = urlsplit(address)
    return bool(
        parts.password or parts.query or ("@" in parts.netloc and parts.scheme.startswith("http"))
    )

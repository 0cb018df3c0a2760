"""What is kept between runs, and where: addresses, profile and theme used before, reviews, logs. No secret is kept."""

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
    """Directories in use, the addresses used before, newest first, and the profile used last."""

    config_directory: Path
    review_directory: Path
    log_directory: Path
    recent: list[str] = field(default_factory=list)
    last_profile: str = ""
    """"" if something else was opened last."""
    hint_due: bool = False
    """Whether to say, above the footer, how to find the keys: on the first runs, until it is dismissed."""
    theme: str = ""
    """The theme that was chosen, "" for the one that suits the terminal."""

    @classmethod
    def load(cls) -> Settings:
        """From the user's directories. A file that cannot be read counts as empty."""
        import platformdirs

        settings = cls(
            Path(platformdirs.user_config_dir("mlflow-tui")),
            Path(platformdirs.user_data_dir("mlflow-tui")) / "reviews",
            Path(platformdirs.user_log_dir("mlflow-tui")),
        )
        stored: object = None
        with contextlib.suppress(OSError, ValueError):
            stored = json.loads(settings._path.read_text(encoding="utf-8"))
        kept = stored if isinstance(stored, dict) else {}
        if isinstance(kept.get("recent"), list):
            settings.recent = [each for each in kept["recent"] if isinstance(each, str)]
        if isinstance(kept.get("profile"), str):
            settings.last_profile = kept["profile"]
        if isinstance(kept.get("theme"), str):
            settings.theme = kept["theme"]
        settings.hint_due = kept.get("hint-dismissed") is not True
        return settings

    @property
    def profiles_path(self) -> Path:
        """The file with the user's profiles."""
        return self.config_directory / "profiles.toml"

    @property
    def keys_path(self) -> Path:
        """The file with the user's keys."""
        return self.config_directory / "keys.toml"

    @property
    def filters_path(self) -> Path:
        """The file with the user's saved filters."""
        return self.config_directory / "filters.toml"

    @property
    def themes_path(self) -> Path:
        """The folder of the user's themes."""
        return self.config_directory / "themes"

    @property
    def _path(self) -> Path:
        return self.config_directory / "recent.json"

    def remember(self, tracking_uri: str) -> None:
        """Put an address first. One that holds a password is not kept.

        Raises ``OSError`` if the file cannot be written.
        """
        before = (list(self.recent), self.last_profile)
        self.last_profile = ""
        if tracking_uri and not holds_secret(tracking_uri):
            self.recent = [tracking_uri, *(each for each in self.recent if each != tracking_uri)]
            del self.recent[RECENT_KEPT:]
        if before != (self.recent, self.last_profile):
            self._write()

    def remember_profile(self, name: str) -> None:
        """It was used last. Raises ``OSError`` if the file cannot be written."""
        if name != self.last_profile:
            self.last_profile = name
            self._write()

    def renamed(self, old: str, new: str) -> None:
        """A profile is called otherwise. Raises ``OSError`` if the file cannot be written."""
        if self.last_profile == old:
            self.remember_profile(new)

    def dismiss_hint(self) -> None:
        """It is not shown again. Raises ``OSError`` if the file cannot be written."""
        self.hint_due = False
        self._write()

    def remember_theme(self, name: str) -> None:
        """It is worn from now on. Raises ``OSError`` if the file cannot be written."""
        if name != self.theme:
            self.theme = name
            self._write()

    def _write(self) -> None:
        self.config_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self.config_directory, prefix=".recent")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:  # mkstemp makes it mode 0600
            json.dump(
                {
                    "recent": self.recent,
                    "profile": self.last_profile,
                    "theme": self.theme,
                    "hint-dismissed": not self.hint_due,
                },
                stream,
                indent=1,
            )
        Path(name).replace(self._path)


def holds_secret(address: str) -> bool:
    """Whether an address carries a password, or a query (which may carry a token)."""
    parts = urlsplit(address)
    return bool(
        parts.password or parts.query or ("@" in parts.netloc and parts.scheme.startswith("http"))
    )

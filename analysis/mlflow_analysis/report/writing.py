"""Put a report on disk: whole or not at all, and never over something silently."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class ReportExists(FileExistsError):  # noqa: N818 - a state of the disk, told to a person
    """There is a file already where the report should go."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists already. Choose another name, or say to overwrite it.")
        self.path = path


def write_report(
    path: Path | str, text: str | bytes, overwrite: bool = False, *, private: bool = False
) -> Path:
    """Write ``text`` to ``path`` so that a reader never sees half of it. Returns the absolute path.

    Text is written in UTF-8, bytes as they are. A ``private`` file can be read by its owner alone.

    Raises ``ReportExists`` if there is a file and ``overwrite`` is false, ``OSError`` if the folder is
    missing or may not be written.
    """
    target = Path(path).expanduser().absolute()
    if target.exists() and not overwrite:
        raise ReportExists(target)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            # mkstemp makes files that only their owner may read; a report is an ordinary file
            mask = os.umask(0)
            os.umask(mask)
            draft.chmod(0o666 & ~mask)
        if overwrite:
            draft.replace(target)
        else:
            _move_to_new_name(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _move_to_new_name(draft: Path, target: Path) -> None:
    try:
        target.hardlink_to(draft)  # unlike a rename, this fails if someone was quicker
    except FileExistsError:
        raise ReportExists(target) from None
    except OSError:  # a file system without hard links
        draft.replace(target)

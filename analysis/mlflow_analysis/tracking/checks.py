"""Look before MLflow does: what it would create, or wait for, is found out here first.

Each check is quick, changes nothing, and raises ``ConnectionProblem``; it returns what it found, in words.
"""

from __future__ import annotations

import socket

from mlflow_analysis.tracking.address import Address, StoreKind
from mlflow_analysis.tracking.file_head import file_head
from mlflow_analysis.tracking.problems import ConnectionProblem
from mlflow_analysis.tracking.proxies import proxy_of
from mlflow_analysis.untrusted import printable

_SQLITE_HEAD = b"SQLite format 3\0"


def details_of(error: BaseException, address: Address) -> str:
    """What ``error`` and its causes say, safe to show."""
    texts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(texts) < 5:
        texts.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    return printable(address.cleaned("\n".join(texts)))[:4000]


def reach(address: Address, timeout_seconds: float) -> str:
    """Whether anything is there at all: told without MLflow, and so at once."""
    if address.kind is StoreKind.FILES:
        return check_files(address)
    if address.kind is StoreKind.SQLITE:
        return check_sqlite_file(address)
    return check_reachable(address, timeout_seconds)


def not_in_time(address: Address, timeout_seconds: float) -> ConnectionProblem:
    """The address is silent."""
    return ConnectionProblem(
        f"{printable(address.host)}:{address.port} did not answer within {timeout_seconds:g} s.",
        "Check the port, and whether a firewall is between or a VPN is missing.",
    )


def check_reachable(address: Address, timeout_seconds: float) -> str:
    """Whether anything listens there. A database that does not costs MLflow 101 s."""
    if not address.host:
        return "by a socket of this machine"
    if proxy := proxy_of(address):
        problem = _connect(proxy.host, proxy.port, timeout_seconds)
        if problem is not None:
            raise ConnectionProblem(
                f"The proxy {proxy.shown} ({proxy.variable}) does not answer.",
                f"Correct or unset {proxy.variable}, or add {printable(address.host)} to NO_PROXY.",
                str(problem),
            ) from problem
        return f"through the proxy {proxy.shown}"
    where = printable(f"{address.host}:{address.port}")
    problem = _connect(address.host, address.port, timeout_seconds)
    if problem is None:
        return f"{where} answers"
    if isinstance(problem, socket.gaierror):
        raise ConnectionProblem(
            f"No host is known by the name {printable(address.host)}.",
            "Check the spelling, and whether this machine needs a VPN to know it.",
            str(problem),
        ) from problem
    if isinstance(problem, TimeoutError):
        raise not_in_time(address, timeout_seconds) from problem
    raise ConnectionProblem(
        f"Nothing answers at {where}.",
        f"Check host and port, and whether the {_program(address)} is running.",
        str(problem),
    ) from problem


def _connect(host: str, port: int, timeout_seconds: float) -> Exception | None:
    try:
        socket.create_connection((host, port), timeout=timeout_seconds).close()
    except (OSError, UnicodeError, OverflowError) as error:
        return error
    return None


def check_sqlite_file(address: Address) -> str:
    """Whether the file is there and is a database."""
    assert address.path is not None
    shown = printable(str(address.path))
    try:
        size = address.path.stat().st_size
        head = file_head(address.path, len(_SQLITE_HEAD))
    except IsADirectoryError as error:
        raise ConnectionProblem(
            f"{shown} is a directory, not a SQLite file.", "Give the file in it."
        ) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConnectionProblem(
            f"There is no file {shown}.",
            "Check the path; mlflow-tui never makes a store.",
        ) from error
    except OSError as error:
        raise ConnectionProblem(
            f"The file {shown} cannot be read: {error.strerror}.",
            "Check its permissions, and those of the directories above it.",
        ) from error
    if head != _SQLITE_HEAD:
        what = "is empty" if not head else "is not a SQLite database"
        raise ConnectionProblem(
            f"{shown} {what}.", "Give the file that MLflow's backend store is in."
        )
    return f"a SQLite file of {size / 1e6:.1f} MB"


def keeps_write_ahead_log(address: Address) -> bool:
    """Whether SQLite needs helper files beside this one to read it."""
    assert address.path is not None
    return file_head(address.path, 20)[19:] == b"\x02"


def check_files(address: Address) -> str:
    """Whether the directory is a file store as MLflow leaves it."""
    assert address.path is not None
    shown = printable(str(address.path))
    try:
        if not address.path.is_dir():
            raise ConnectionProblem(
                f"There is no directory {shown}.", "Check the path; mlflow-tui never makes a store."
            )
        experiments = sum(1 for _ in address.path.glob("*/meta.yaml"))
        has_trash = (address.path / ".trash").is_dir()
        next(address.path.iterdir(), None)  # glob says nothing of a directory that cannot be read
    except OSError as error:
        raise ConnectionProblem(
            f"The directory {shown} cannot be read: {error.strerror}.",
            "Check its permissions, and those of the directories above it.",
        ) from error
    if not experiments:
        raise ConnectionProblem(
            f"{shown} holds no MLflow experiments.",
            "Give the directory with a folder for each experiment, often called mlruns.",
        )
    if not has_trash:
        raise ConnectionProblem(
            f"{shown} has no directory .trash, which MLflow would make on reading.",
            f"Make it yourself: mkdir '{shown}/.trash'",
        )
    return f"a directory of {experiments} experiments"


def _program(address: Address) -> str:
    return "server" if address.kind is StoreKind.SERVER else f"{address.kind.value} server"

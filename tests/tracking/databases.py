"""Start real servers on loopback, in a temporary directory, as a user who is not root."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

READY_WITHIN_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(*candidates: str) -> str:
    """The first program that is installed; the test is skipped if there is none."""
    for candidate in candidates:
        found = shutil.which(candidate) or next(
            (str(path) for path in sorted(Path("/usr").glob(candidate), reverse=True)), None
        )
        if found:
            return found
    pytest.skip(f"NOT TESTED: none of {', '.join(candidates)} is installed here")


@contextlib.contextmanager
def directory_of(user: str) -> Iterator[tuple[Path, list[str]]]:
    """A directory owned by ``user``, and how to run a command as them; both refuse root."""
    place = Path(tempfile.mkdtemp(prefix="store-"))
    run_as: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(place, user)
        run_as = ["runuser", "-u", user, "--"]
    try:
        yield place, run_as
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server with a database ``flow`` of user ``flow``; gives its address."""
    initdb = program("initdb", "lib/postgresql/*/bin/initdb")
    control = str(Path(initdb).with_name("pg_ctl"))
    port = free_port()
    with directory_of("postgres") as (place, run_as):
        password = place / "password"
        password.write_text("p@ss w0rd")
        password.chmod(0o644)
        cluster = place / "cluster"
        quiet = {"check": True, "capture_output": True, "cwd": place}
        subprocess.run(
            [
                *run_as,
                initdb,
                "-D",
                cluster,
                "-U",
                "flow",
                "-A",
                "scram-sha-256",
                "--no-sync",
                f"--pwfile={password}",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            **quiet,
        )
        options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off"
        start = [*run_as, control, "-D", cluster, "-w", "-l", place / "log", "-o", options, "start"]
        subprocess.run(start, **quiet)
        try:
            import psycopg2

            connection = psycopg2.connect(
                host="127.0.0.1", port=port, user="flow", password="p@ss w0rd", dbname="postgres"
            )
            connection.autocommit = True
            connection.cursor().execute("CREATE DATABASE flow")
            connection.close()
            yield f"postgresql+psycopg2://flow:p%40ss%20w0rd@127.0.0.1:{port}/flow"
        finally:
            subprocess.run([*run_as, control, "-D", cluster, "-m", "immediate", "stop"], **quiet)


def execute(uri: str, *statements: str) -> None:
    """Run statements in a database, as the user in its address."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@contextlib.contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB server with a database ``flow`` of user ``flow``; gives its address.

    A user ``reader`` with the password ``r@ad`` may read it.
    """
    install = program("mariadb-install-db", "mysql_install_db")
    daemon = program("mariadbd", "sbin/mariadbd", "mysqld")
    admin = program("mariadb-admin", "mysqladmin")
    port = free_port()
    with directory_of("mysql") as (place, run_as):
        data, socket_path = place / "data", place / "socket"
        subprocess.run(
            [
                *run_as,
                install,
                "--no-defaults",
                f"--datadir={data}",
                "--skip-test-db",
                "--auth-root-authentication-method=normal",
            ],
            check=True,
            capture_output=True,
            cwd=place,
        )
        server = subprocess.Popen(
            [
                *run_as,
                daemon,
                "--no-defaults",
                f"--datadir={data}",
                f"--socket={socket_path}",
                f"--port={port}",
                "--bind-address=127.0.0.1",
                f"--pid-file={place}/pid",
                "--innodb-flush-log-at-trx-commit=0",
                "--character-set-server=utf8mb4",
                f"--log-error={place}/log",
            ],
            cwd=place,
        )
        try:
            reach = [admin, "--no-defaults", f"--socket={socket_path}", "-u", "root"]
            subprocess.run(
                [*reach, f"--wait={READY_WITHIN_SECONDS}", "--connect-timeout=1", "ping"],
                check=True,
                capture_output=True,
            )
            import pymysql

            connection = pymysql.connect(unix_socket=str(socket_path), user="root")
            with connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE flow")
                cursor.execute("CREATE USER flow@'127.0.0.1' IDENTIFIED BY 'p@ss w0rd'")
                cursor.execute("GRANT ALL ON flow.* TO flow@'127.0.0.1'")
                cursor.execute("CREATE USER reader@'127.0.0.1' IDENTIFIED BY 'r@ad'")
                cursor.execute("GRANT SELECT ON flow.* TO reader@'127.0.0.1'")
            connection.close()
            yield f"mysql+pymysql://flow:p%40ss%20w0rd@127.0.0.1:{port}/flow"
            subprocess.run([*reach, "shutdown"], check=True, capture_output=True)
        finally:
            server.terminate()
            server.wait(timeout=READY_WITHIN_SECONDS)


@contextlib.contextmanager
def tracking_server(
    store: Path, *options: str, python: str = sys.executable, **variables: str
) -> Iterator[str]:
    """``mlflow server`` over a SQLite file, the one of ``python``; gives its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = store.parent / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                python,
                "-m",
                "mlflow",
                "server",
                "--backend-store-uri",
                f"sqlite:///{store}",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--workers",
                "1",
                *options,
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=store.parent,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"} | variables,
            start_new_session=True,
        )
    try:
        _wait_for(f"{address}/health", server, log)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(timeout=READY_WITHIN_SECONDS)


ADMIN_PASSWORD = "p@ss w0rd of the admin"


@contextlib.contextmanager
def tracking_server_with_sign_in(store: Path) -> Iterator[str]:
    """``mlflow server`` with basic authentication; user ``admin`` has ``ADMIN_PASSWORD``."""
    settings = store.parent / "basic_auth.ini"
    settings.write_text(
        "[mlflow]\ndefault_permission = READ\nadmin_username = admin\n"
        f"admin_password = {ADMIN_PASSWORD}\n"
        f"database_uri = sqlite:///{store.parent / 'basic_auth.db'}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    with tracking_server(
        store,
        "--app-name",
        "basic-auth",
        MLFLOW_AUTH_CONFIG_PATH=str(settings),
        MLFLOW_AUTH_ADMIN_PASSWORD=ADMIN_PASSWORD,
        MLFLOW_FLASK_SERVER_SECRET_KEY="only for tests",
    ) as address:
        yield address


@contextlib.contextmanager
def relay(port: int, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A port that leads to ``port`` for as long as the context lasts, and then is dead.

    With ``tls`` it speaks that, as a gateway in front of a server does.
    """
    ends: list[socket.socket] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65_536):
                target.sendall(content)
        target.close()

    def accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = listener.accept()
                if tls is not None:
                    here = tls.wrap_socket(here, server_side=True, do_handshake_on_connect=False)
                    try:
                        here.do_handshake()
                    except OSError:  # the client does not trust us, or speaks no TLS
                        _hang_up(here)
                        continue
                there = socket.create_connection(("127.0.0.1", port))
                ends.extend((here, there))
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _hang_up(end: socket.socket) -> None:
    """Close, but let the other side read what it was told last."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_WR)
        while end.recv(65_536):
            pass
    end.close()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    pause = threading.Event()
    for _ in range(READY_WITHIN_SECONDS * 5):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if server.poll() is not None:
                break
            pause.wait(0.2)
    raise AssertionError(f"mlflow server did not start:\n{log.read_text()[-2000:]}")

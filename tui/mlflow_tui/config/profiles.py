"""Connections kept under a name, in a TOML file that its owner may edit too.

No secret is ever written: a profile names the variable, env file or Databricks profile that holds it. What
somebody wrote into the file by hand (comments, order, keys unknown here) stays. Importing this module loads
no TOML library; the first look at a file that is there does.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from mlflow_analysis.connecting.sign_in import ConnectionRequest, SignIn, SignInMethod
from mlflow_analysis.untrusted import single_line
from mlflow_tui.config.toml_file import NotToml, read_toml, replace_file

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

LONGEST_NAME = 40
"""Characters."""
_SECRET_IN_QUERY = re.compile("pass|pwd|token|secret|key", re.IGNORECASE)
_TEXTS = {
    "user": "user",
    "secret-variable": "secret_variable",
    "databricks-host": "databricks_host",
    "databricks-profile": "databricks_profile",
    "server-certificate": "server_certificate",
    "client-certificate": "client_certificate",
}
"""Keys of a profile, and the fields of ``SignIn`` that they are."""


class ProfilesNotUnderstood(ValueError):  # noqa: N818 - shown to people
    """The file, or a profile, cannot be used: a sentence, and what to do about it."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.sentence, self.remedy = sentence, remedy


@dataclass(frozen=True)
class Profile:
    """A connection under a name. ``problem`` says why it cannot be used, if it cannot."""

    name: str
    connection: ConnectionRequest
    problem: ProfilesNotUnderstood | None = None

    @property
    def secret_is_typed(self) -> bool:
        """Whether its password or token has to be typed, because nothing names where it is."""
        sign_in = self.connection.sign_in
        return (
            sign_in.method in (SignInMethod.PASSWORD, SignInMethod.TOKEN)
            and not sign_in.secret_variable
        )


class Profiles:
    """The profiles in the file at ``path``; a file that is not there holds none.

    Every change reads the file anew, changes only what it is about, and replaces the file in one step, mode
    0600. Raises ``ProfilesNotUnderstood`` for a file that is no TOML, which is then left as it is, and
    ``OSError``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[Profile]:
        """Every profile, in the order of the file."""
        return [self._profile(name, table) for name, table in self._tables(self._read()).items()]

    def get(self, name: str) -> Profile:
        """The profile of that name, fit to be used."""
        profiles = self.all()
        for profile in profiles:
            if profile.name == name:
                if profile.problem is not None:
                    raise profile.problem
                return profile
        there = ", ".join(each.name for each in profiles)
        raise ProfilesNotUnderstood(
            f"There is no profile called {single_line(name)}.",
            f"There are: {there}." if there else f"There are none yet in {self.path}.",
        )

    @property
    def default(self) -> str:
        """Name of the profile that is opened when nothing else is asked for; "" if there is none."""
        document = self._read()
        name = document.get("default") if document is not None else None
        return str(name) if isinstance(name, str) and name in self._tables(document) else ""

    def save(self, name: str, connection: ConnectionRequest) -> list[str]:
        """Keep ``connection`` as ``name``, in place of what was kept so. Says what was left out."""
        name = fit_name(name)
        kept, left_out = without_secrets(connection)
        with self._change() as document:
            tables = self._tables(document, make=True)
            table = tables.get(name)
            if table is None:
                import tomlkit

                tables[name] = tomlkit.table()
                table = tables[name]
            written = _written(kept)
            for key in _KEYS:
                if key in written:
                    table[key] = written[key]
                elif key in table:
                    del table[key]
        return left_out

    def rename(self, old: str, new: str) -> None:
        """Call ``old`` ``new``; if it was the default it stays so."""
        new = fit_name(new)
        if new == old:
            return
        with self._change() as document:
            tables = self._tables_with(old, document)
            if new in tables:
                raise ProfilesNotUnderstood(
                    f"There is a profile called {new} already.", "Choose another name."
                )
            tables[new] = tables.pop(old)
            if document.get("default") == old:
                document["default"] = new

    def delete(self, name: str) -> None:
        """Forget it."""
        with self._change() as document:
            self._tables_with(name, document).pop(name)
            if document.get("default") == name:
                del document["default"]

    def make_default(self, name: str) -> None:
        """Open ``name`` when nothing else is asked for; "" for none."""
        with self._change() as document:
            if name:
                document["default"] = name
            else:
                document.pop("default", None)

    # ---- the file -----------------------------------------------------------------------

    def _read(self) -> TOMLDocument | None:
        try:
            return read_toml(self.path)
        except NotToml as error:
            raise self._broken(str(error)) from error

    def _broken(self, why: str) -> ProfilesNotUnderstood:
        return ProfilesNotUnderstood(
            f"The profiles in {self.path} cannot be read: {why}.",
            "Mend the file, or move it away; nothing in it is changed until then.",
        )

    def _tables(self, document: TOMLDocument | None, *, make: bool = False) -> Any:
        if document is None:
            return {}
        if make and "profiles" not in document:
            import tomlkit

            document["profiles"] = tomlkit.table(is_super_table=True)
        tables = document.get("profiles", {})
        if not isinstance(tables, dict):
            raise self._broken("“profiles” is not a table")
        return tables

    def _tables_with(self, name: str, document: TOMLDocument) -> Any:
        """All of them; somebody else may have taken ``name`` away meanwhile."""
        tables = self._tables(document)
        if name not in tables:
            raise ProfilesNotUnderstood(
                f"The profile {single_line(name)} is no longer there.", "Choose another."
            )
        return tables

    def _profile(self, name: str, table: Any) -> Profile:
        try:
            return Profile(name, _understood(table))
        except ValueError as error:
            problem = ProfilesNotUnderstood(
                f"The profile {single_line(name)} cannot be used: {error}.",
                f"Mend it in {self.path}.",
            )
            return Profile(name, ConnectionRequest(), problem)

    @contextlib.contextmanager
    def _change(self) -> Iterator[TOMLDocument]:
        import tomlkit

        document = self._read()
        if document is None:
            document = tomlkit.document()
            document.add(tomlkit.comment("Connections of mlflow-tui. No password or token belongs"))
            document.add(
                tomlkit.comment("in here: name the variable or the env file that holds it.")
            )
        yield document
        replace_file(self.path, tomlkit.dumps(document))


def fit_name(name: str) -> str:
    """``name`` as a profile may be called. Raises ``ProfilesNotUnderstood``."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or single_line(name) != name:
        raise ProfilesNotUnderstood(
            "That is no name for a profile.",
            f"Give 1 to {LONGEST_NAME} characters on one line.",
        )
    return name


def without_secrets(connection: ConnectionRequest) -> tuple[ConnectionRequest, list[str]]:
    """What of ``connection`` may be kept, and a sentence for each thing that may not."""
    left_out: list[str] = []
    sign_in = connection.sign_in
    uri, user, had_password, dropped = _bare(connection.tracking_uri)
    if had_password:
        left_out.append("The password in the address is not kept.")
        if sign_in.method is SignInMethod.ENVIRONMENT:
            sign_in = SignIn(
                SignInMethod.PASSWORD,
                user,
                server_certificate=sign_in.server_certificate,
                client_certificate=sign_in.client_certificate,
                insecure_tls=sign_in.insecure_tls,
            )
    if dropped:
        left_out.append(f"Not kept of the address: {', '.join(dropped)}.")
    if sign_in.secret:
        if not sign_in.secret_variable:
            what = "token" if sign_in.method is SignInMethod.TOKEN else "password"
            left_out.append(f"The {what} is not kept: it is asked for each time.")
        sign_in = replace(sign_in, secret="")
    return replace(connection, tracking_uri=uri, sign_in=sign_in), left_out


def _bare(uri: str) -> tuple[str, str, bool, list[str]]:
    """``uri`` without secrets; its user; whether it had a password; names dropped from its query."""
    if "://" not in uri or uri.lower().startswith("sqlite"):
        return uri, "", False, []
    try:
        parts = urlsplit(uri)
    except ValueError:
        return re.sub(r"//[^/]*@", "//", uri), "", "@" in uri, []
    userinfo, _, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    dropped = [name for name, _ in query if _SECRET_IN_QUERY.search(name)]
    if dropped:
        query = [each for each in query if each[0] not in dropped]
        parts = parts._replace(query=urlencode(query, quote_via=quote))
    token_as_user = bool(user) and not password and parts.scheme.startswith("http")
    if token_as_user:  # http://TOKEN@host
        user, password = "", user
    authority = f"{user}@{host}" if user else host
    bare = urlunsplit(parts._replace(netloc=authority))
    return bare, unquote(user), bool(password), [single_line(name) for name in dropped]


def _understood(table: Any) -> ConnectionRequest:
    """Raises ``ValueError`` with what is wrong, in words that fit after a colon."""
    if not isinstance(table, dict):
        raise ValueError("it is not a table")  # noqa: TRY004 - a problem of the file
    texts: dict[str, str] = {}
    for key in ("tracking-uri", "env-file", "sign-in", *_TEXTS):
        text = table.get(key, "")
        if not isinstance(text, str):
            raise ValueError(f"its {key} is not text")  # noqa: TRY004 - a problem of the file
        texts[key] = str(text)
    method = texts["sign-in"] or SignInMethod.ENVIRONMENT.value
    try:
        chosen = SignInMethod(method)
    except ValueError:
        ways = ", ".join(each.value for each in SignInMethod)
        raise ValueError(f"its sign-in is none of {ways}") from None
    insecure = table.get("insecure-tls", False)
    if not isinstance(insecure, bool):
        raise ValueError("its insecure-tls is neither true nor false")  # noqa: TRY004
    fields: dict[str, Any] = {field: texts[key] for key, field in _TEXTS.items()}
    return ConnectionRequest(
        texts["tracking-uri"],
        texts["env-file"],
        SignIn(chosen, insecure_tls=bool(insecure), **fields),
    )


def _written(connection: ConnectionRequest) -> dict[str, str | bool]:
    """The keys that say ``connection``; what is as it would be anyway is left out."""
    sign_in = connection.sign_in
    written: dict[str, str | bool] = {
        "tracking-uri": connection.tracking_uri,
        "env-file": connection.env_file,
        "sign-in": sign_in.method.value if sign_in.method is not SignInMethod.ENVIRONMENT else "",
        **{key: getattr(sign_in, field) for key, field in _TEXTS.items()},
        "insecure-tls": sign_in.insecure_tls,
    }
    return {key: value for key, value in written.items() if value}


_KEYS = ("tracking-uri", "env-file", "sign-in", *_TEXTS, "insecure-tls")

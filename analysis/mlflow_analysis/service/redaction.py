"""The secrets that this process has been told, to keep them out of its log and its answers."""

from __future__ import annotations

from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.connecting.surroundings import EnvFileNotUnderstood, read_env_file
from mlflow_analysis.tracking.address import is_secret, without_secrets
from mlflow_analysis.tracking.environment import own_environment


class Redaction:
    """Knows the secrets of every request that it was shown; safe to use from several threads."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._addresses: frozenset[str] = frozenset()

    def learn(self, request: ConnectionRequest) -> None:
        """Take in what ``request`` holds, and what it names."""
        try:
            of_file = read_env_file(request.env_file)
        except EnvFileNotUnderstood:
            of_file = {}  # the check of the connection says so
        named = {**of_file, **own_environment()}.get(request.sign_in.secret_variable, "")
        secrets = {value for name, value in of_file.items() if is_secret(name)}
        self._secrets |= (secrets | {request.sign_in.secret, named}) - {""}
        self._addresses |= {request.tracking_uri, of_file.get("MLFLOW_TRACKING_URI", "")} - {""}

    def __call__(self, text: str) -> str:
        """``text`` with stars in place of each."""
        for address in self._addresses:
            text = without_secrets(text, address, self._secrets)
        return without_secrets(text, known=self._secrets)

"""A Databricks workspace as MLflow's client sees it: the REST calls that it really makes, over HTTP.

Experiments and traces are those given; spans are where Databricks keeps those of an experiment, in a file a
trace that is fetched through a signed address. What was asked is recorded in ``requests``.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import stores
from mlflow_analysis.records import TraceRecord
from mlflow_analysis.tracking.environment import load_mlflow

EXPERIMENT_ID = "4711"
TOKEN = "dapi" + "0123456789abcdef" * 2
_ARTIFACTS = f"dbfs:/databricks/mlflow-tracking/{EXPERIMENT_ID}"


@dataclass
class Workspace:
    """A workspace that is being served."""

    url: str = ""
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    forbidden: set[str] = field(default_factory=set)
    """Tokens of people who may not read experiments."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request."""
    signed_in_as: set[str] = field(default_factory=set)
    """Every ``Authorization`` that was ever sent here."""
    infos: dict[str, dict[str, Any]] = field(default_factory=dict)
    spans: dict[str, bytes] = field(default_factory=dict)


@contextlib.contextmanager
def workspace(records: Iterable[TraceRecord]) -> Iterator[Workspace]:
    """Serve ``records`` as the traces of one experiment until the context ends."""
    served = Workspace()
    _fill(served, records)

    class Handler(_Handler):
        pass

    Handler.workspace = served
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def _fill(served: Workspace, records: Iterable[TraceRecord]) -> None:
    load_mlflow()
    from google.protobuf.json_format import MessageToDict

    for record in records:
        info = stores.info_entity(record, EXPERIMENT_ID)
        trace_id = record.info.trace_id
        info.tags["mlflow.artifactLocation"] = f"{_ARTIFACTS}/{trace_id}/artifacts"
        info.assessments = [
            stores.assessment_entity(each, trace_id) for each in record.info.assessments
        ]
        served.infos[trace_id] = MessageToDict(info.to_proto(), preserving_proto_field_name=True)
        content = {"spans": [stores.stored_span(span, trace_id) for span in record.spans]}
        served.spans[trace_id] = json.dumps(content).encode()


_EXPERIMENT = {
    "experiment_id": EXPERIMENT_ID,
    "name": stores.EXPERIMENT,
    "artifact_location": _ARTIFACTS,
    "lifecycle_stage": "active",
    "last_update_time": 1_780_000_000_000,
    "creation_time": 1_770_000_000_000,
}
_SINGLE = {
    "/api/2.0/mlflow/experiments/get": "experiment_id",
    "/api/2.0/mlflow/experiments/get-by-name": "name",
}
"""Where one experiment is asked for, and by what."""


class _Handler(BaseHTTPRequestHandler):
    workspace: Workspace
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._answer(json.loads(self.rfile.read(length) or b"{}"))

    def _answer(self, asked: dict[str, Any]) -> None:
        path = urlsplit(self.path).path
        self.workspace.requests.append((self.command, path))
        signed = re.fullmatch(r"/signed/(tr-\w+)", path)
        if signed:  # the address itself is the permission
            self._send(200, self.workspace.spans[signed[1]])
        elif path == "/.well-known/databricks-config":
            self._json(200, {"oidc_endpoint": f"{self.workspace.url}/oidc", "workspace_id": "1"})
        elif self._signed_in():
            self._serve(path, asked)

    def _signed_in(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.workspace.signed_in_as.add(token)
        if token in self.workspace.forbidden:
            self._json(403, {"error_code": "PERMISSION_DENIED", "message": "Not yours."})
        elif token not in self.workspace.tokens:
            self._json(401, {"error_code": "UNAUTHENTICATED", "message": "Invalid access token."})
        else:
            return True
        return False

    def _serve(self, path: str, asked: dict[str, Any]) -> None:
        infos = self.workspace.infos
        one = re.fullmatch(
            r"/api/[23]\.0/mlflow/traces/(tr-\w+)(/credentials-for-data-download)?", path
        )
        if path == "/api/2.0/mlflow/experiments/search":
            self._json(200, {"experiments": [_EXPERIMENT]})
        elif path in _SINGLE:
            key = _SINGLE[path]
            query = parse_qs(urlsplit(self.path).query)
            if [_EXPERIMENT[key]] == (query.get(key) or query.get(f"experiment_{key}")):
                self._json(200, {"experiment": _EXPERIMENT})
            else:
                self._json(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No such."})
        elif path == "/api/3.0/mlflow/traces/search":
            self._json(200, self._found(asked))
        elif one and one[1] in infos and one[2]:
            url = f"{self.workspace.url}/signed/{one[1]}"
            self._json(200, {"credential_info": {"type": "AWS_PRESIGNED_URL", "signed_uri": url}})
        elif one and one[1] in infos:
            self._json(200, {"trace": {"trace_info": infos[one[1]]}})
        else:
            self._json(404, {"error_code": "ENDPOINT_NOT_FOUND", "message": f"No {path} here."})

    def _found(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A page of the traces, newest first; of filters only those by time that the reader uses."""
        newest_first = sorted(
            self.workspace.infos.values(), key=lambda info: info["request_time"], reverse=True
        )
        bound = re.search(r"timestamp_ms (<=|=) (\d+)", asked.get("filter", ""))
        if bound:
            newest_first = [
                info
                for info in newest_first
                if _ms(info) == int(bound[2]) or (bound[1] == "<=" and _ms(info) < int(bound[2]))
            ]
        start = int(asked.get("page_token") or 0)
        end = start + int(asked.get("max_results") or 100)
        more = {"next_page_token": str(end)} if end < len(newest_first) else {}
        return {"traces": newest_first[start:end], **more}

    def _json(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, json.dumps(content).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str = "application/octet-stream") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


def _ms(info: dict[str, Any]) -> int:
    from datetime import datetime

    return round(
        datetime.fromisoformat(info["request_time"].replace("Z", "+00:00")).timestamp() * 1000
    )

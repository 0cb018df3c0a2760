"""The reader of MLflow servers: the public client, but for the bulk of the answers.

A server spends its time on turning rows into JSON: four times what it takes us to read that. So it is
kept busy, with one batch or several at once as suits it (see ``pace``), while we make records of the batch
before. It is asked through MLflow's own request function (its settings for credentials, certificates and
proxies hold, and connections are kept), and the JSON is read as it is: see ``server_json``. Where that does
not work, an older server say, MLflow's client reads instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import orjson

from mlflow_analysis.records import TraceInfo
from mlflow_analysis.source import TraceOutcome
from mlflow_analysis.tracking.credentials import host_credentials
from mlflow_analysis.tracking.pace import WIDTHS, Pace
from mlflow_analysis.tracking.reader import NEWEST_FIRST, Batch, StoreTraces, both
from mlflow_analysis.tracking.server_json import OddAnswer, infos_in, traces_in

SERVER_BATCH = 25
"""The ids go into the request's address, and some servers take no more than 4,000 characters."""
_BATCH_GET = "/api/3.0/mlflow/traces/batchGet"
_SEARCH = "/api/3.0/mlflow/traces/search"
_NOT_KEPT = {"Connection": "close"}
"""A new connection goes to whichever of a server's processes is idle. One that is kept stays with its process, and
by chance several are with the same: then some work and the others wait. One question at a time needs neither."""


class ServerTraces(StoreTraces):
    """The traces of one experiment of a tracking server, as a ``source.TraceSource``."""

    def __init__(self, *details: Any) -> None:
        super().__init__(*details)
        self._unknown: set[str] = set()
        """Endpoints that the server turned out not to have."""
        self._pace = Pace()

    def _batch_by_batch(
        self,
        batches: Iterable[Batch],
        read: Callable[[Batch], Iterator[TraceOutcome]],
        cancelled: Callable[[], bool],
    ) -> Iterator[TraceOutcome]:
        with ThreadPoolExecutor(WIDTHS[-1] + 1, thread_name_prefix="spans") as pool:
            ahead: deque[Future[list[TraceOutcome]]] = deque()
            try:
                for batch in batches:
                    ahead.append(pool.submit(lambda each: list(read(each)), batch))
                    while len(ahead) > self._pace.width + 1:  # one waits for its turn
                        yield from ahead.popleft().result()
                    if cancelled():
                        return
                while ahead:
                    yield from ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def _search(
        self, filter_string: str, bound: str, size: int, token: str | None
    ) -> tuple[list[TraceInfo], str | None]:
        experiment = {"experiment_id": self.experiment_id}
        question = {
            "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": experiment}],
            "filter": both(filter_string, bound),
            "max_results": size,
            "order_by": [NEWEST_FIRST],
            "page_token": token,
        }
        try:
            answer = self._answer(_SEARCH, "POST", json=question)
            return infos_in(answer), answer.get("next_page_token")
        except OddAnswer:  # a filter that is not understood, say: MLflow's client tells
            return super()._search(filter_string, bound, size, token)

    def _together(self, trace_ids: Sequence[str]) -> dict[str, TraceOutcome]:
        try:
            ids = [("trace_ids", each) for each in trace_ids]
            with self._pace.turn(len(trace_ids)):
                answer = self._answer(_BATCH_GET, "GET", params=ids)
            return {each.info.trace_id: each for each in traces_in(answer)}
        except OddAnswer:
            with self._pace.turn(len(trace_ids)):
                return super()._together(trace_ids)

    def _read_artifact(self, info: TraceInfo) -> TraceOutcome:
        with self._pace.turn(1):
            return super()._read_artifact(info)

    def _answer(self, endpoint: str, method: str, **question: Any) -> Any:
        """What the server answers. Raises ``OddAnswer``, or ``MlflowException`` where no other way helps."""
        if endpoint in self._unknown:
            raise OddAnswer("not known")
        from mlflow.exceptions import MlflowException
        from mlflow.utils.rest_utils import MlflowHostCreds, http_request

        try:
            answer = http_request(
                MlflowHostCreds(**host_credentials(self._address)),  # of this connection, no other
                endpoint,
                method,
                raise_on_status=False,
                extra_headers=_NOT_KEPT if self._pace.width > 1 else None,
                **question,
            )
        except (MlflowException, OSError) as error:
            raise OddAnswer(type(error).__name__) from error
        if answer.status_code == 404:
            self._unknown.add(endpoint)
        if answer.status_code >= 500 and method == "GET":
            # One damaged trace is enough for that; MLflow's client would ask thrice, and get no more.
            raise MlflowException(f"HTTP {answer.status_code}")
        if answer.status_code != 200:
            raise OddAnswer(f"HTTP {answer.status_code}")
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise OddAnswer("no JSON") from error

    @property
    def _batch_size(self) -> int:
        return SERVER_BATCH

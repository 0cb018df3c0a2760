"""The reader of MLflow servers: the public client, but for the bulk of the answers.

A server spends its time on turning rows into JSON. So it is asked for several batches at once, through
MLflow's own request function (its settings for credentials, certificates and proxies hold, and
connections are kept), and the JSON is read as it is: see ``server_json``. Where that does not work, an
older server say, MLflow's client reads instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import orjson

from mlflow_analysis.source import TraceOutcome
from mlflow_analysis.tracking.reader import Batch, StoreTraces
from mlflow_analysis.tracking.server_json import OddAnswer, traces_in

SERVER_BATCH = 25
"""The ids go into the request's address, and some servers take no more than 4,000 characters."""
SERVER_THREADS = 4
_BATCH_GET = "/api/3.0/mlflow/traces/batchGet"


class ServerTraces(StoreTraces):
    """The traces of one experiment of a tracking server, as a ``source.TraceSource``."""

    _reads_json = True
    """Until the server turns out not to know the question."""

    def _batch_by_batch(
        self,
        batches: Iterable[Batch],
        read: Callable[[Batch], list[TraceOutcome]],
        cancelled: Callable[[], bool],
    ) -> Iterator[TraceOutcome]:
        with ThreadPoolExecutor(SERVER_THREADS, thread_name_prefix="spans") as pool:
            ahead: deque[Future[list[TraceOutcome]]] = deque()
            try:
                for batch in batches:
                    ahead.append(pool.submit(read, batch))
                    if len(ahead) > SERVER_THREADS:
                        yield from ahead.popleft().result()
                    if cancelled():
                        return
                while ahead:
                    yield from ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def _together(self, trace_ids: Sequence[str]) -> dict[str, TraceOutcome]:
        if self._reads_json:
            try:
                return {each.info.trace_id: each for each in traces_in(self._answer(trace_ids))}
            except OddAnswer:
                pass
        return super()._together(trace_ids)

    def _answer(self, trace_ids: Sequence[str]) -> Any:
        """What the server answers.

        Raises ``OddAnswer``, or ``MlflowException`` if it does not answer or reports an error of its own,
        which one damaged trace is enough for.
        """
        from mlflow.exceptions import MlflowException
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        answer = http_request(
            get_default_host_creds(self._address.mlflow_uri),
            _BATCH_GET,
            "GET",
            params=[("trace_ids", each) for each in trace_ids],
            raise_on_status=False,
        )
        if answer.status_code == 404:
            self._reads_json = False
            raise OddAnswer("HTTP 404")
        if answer.status_code != 200:
            raise MlflowException(f"HTTP {answer.status_code}: {answer.text[:200]}")
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise OddAnswer("no JSON") from error

    @property
    def _batch_size(self) -> int:
        return SERVER_BATCH

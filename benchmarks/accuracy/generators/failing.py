"""Ways to fail that generators share: what services and frameworks say, and what follows."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.accuracy.plan import Call, Failure, Turn

Plant = Callable[[Turn], bool]
"""Changes the plan of one turn; tells whether it could."""
Said = tuple[str, str, int | None]
"""Exception type, message (with ``{n}`` for a number), HTTP status."""

UNAUTHORISED: tuple[Said, ...] = (
    ("HTTPError", "401 Client Error: Unauthorized for url: https://api.example.test/v{n}", 401),
    ("AuthenticationError", "Error code: 401 - {'error': {'message': 'Incorrect API key provided'}}", 401),
    ("PermissionDenied", "403 The caller does not have permission", 403),
    ("ExpiredTokenException", "The security token included in the request is expired", None),
)  # fmt: skip
LIMITED: tuple[Said, ...] = (
    ("RateLimitError", "Error code: 429 - {'error': {'message': 'Rate limit reached for requests'}}", 429),
    ("ResourceExhausted", "429 RESOURCE_EXHAUSTED. Quota exceeded for metric requests_per_minute", 429),
    ("HTTPStatusError", "Client error '429 Too Many Requests' for url 'https://api.example.test'", 429),
    ("ThrottlingException", "Too many requests, please wait before trying again.", None),
)  # fmt: skip
TIMED_OUT: tuple[Said, ...] = (
    ("ReadTimeout", "HTTPSConnectionPool(host='api.example.test', port=443): Read timed out. (read timeout=20)", None),
    ("TimeoutError", "call exceeded 20 seconds", None),
    ("DeadlineExceeded", "504 Deadline Exceeded", 504),
    ("APITimeoutError", "Request timed out.", None),
)  # fmt: skip
DOWN: tuple[Said, ...] = (
    ("HTTPStatusError", "Server error '503 Service Unavailable' for url 'https://api.example.test'", 503),
    ("InternalServerError", "Error code: 500 - {'error': {'message': 'The server had an error'}}", 500),
    ("ConnectionError", "('Connection aborted.', RemoteDisconnected('Remote end closed connection'))", None),
    ("BadGateway", "502 Bad Gateway", 502),
)  # fmt: skip
OVERLOADED: tuple[Said, ...] = (
    ("APIStatusError", "Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error'}}", 529),
    ("ServiceUnavailable", "503 The model is overloaded. Please try again later.", 503),
    ("APIConnectionError", "Connection error.", None),
)  # fmt: skip
MISSING: tuple[Said, ...] = (
    ("HTTPError", "404 Client Error: Not Found for url: https://api.example.test/items/{n}", 404),
    ("FileNotFoundError", "[Errno 2] No such file or directory: '/srv/data/part-{n}.csv'", None),
    ("NotFoundError", "record {n} does not exist", 404),
)
INVALID: tuple[Said, ...] = (
    ("ValidationError", "1 validation error for Arguments\nsubject\n  Field required [type=missing]", None),
    ("TypeError", "run() got an unexpected keyword argument 'page_{n}'", None),
    ("BadRequestError", "Error code: 400 - {'error': {'message': \"Invalid value for 'subject'\"}}", 400),
    ("HTTPStatusError", "Client error '422 Unprocessable Entity' for url 'https://api.example.test'", 422),
)  # fmt: skip
BAD_CODE: tuple[Said, ...] = (
    ("NameError", "name 'df_{n}' is not defined", None),
    ("SyntaxError", "invalid syntax (<generated>, line {n})", None),
    ("ModuleNotFoundError", "No module named 'prophet'", None),
    ("ImportError", "cannot import name 'rolling' from 'stats'", None),
)
UNPARSED: tuple[Said, ...] = (
    ("OutputParserException", "Could not parse LLM output: `I will look at {n} items first`", None),
    ("JSONDecodeError", "Expecting ',' delimiter: line {n} column 5 (char 88)", None),
    ("ParseError", "model reply has no <action> tag", None),
)
TOO_LONG: tuple[Said, ...] = (
    (
        "BadRequestError",
        "Error code: 400 - {'error': {'message': \"This model's maximum context length is 8192 tokens. However, "
        "your messages resulted in 9{n} tokens.\", 'code': 'context_length_exceeded'}}",
        400,
    ),
    ("ValidationException", "Input is too long for requested model.", 400),
    ("BadRequestError", "prompt is too long: 20{n} tokens > 200000 maximum", 400),
)  # fmt: skip
BLOCKED: tuple[Said, ...] = (
    (
        "BadRequestError",
        "Error code: 400 - {'error': {'code': 'content_filter', 'message': 'The response was filtered due to the "
        "prompt triggering the content management policy.'}}",
        400,
    ),
    ("BlockedPromptException", "The prompt was blocked: finish_reason SAFETY", None),
    ("ContentPolicyViolationError", "Your request was rejected as a result of our safety system.", None),
)  # fmt: skip
EXHAUSTED: tuple[Said, ...] = (
    ("OutOfMemoryError", "CUDA out of memory. Tried to allocate {n} MiB", None),
    ("MemoryError", "Unable to allocate {n} MiB for an array", None),
    ("TimeoutError", "QueuePool limit of size 5 overflow 10 reached, connection timed out", None),
    ("OperationalError", "(1205, 'Lock wait timeout exceeded; try restarting transaction')", None),
)
CRASHED: tuple[Said, ...] = (
    ("RuntimeError", "stage {n} returned no rows to merge", None),
    ("KeyError", "'leg_{n}'", None),
    ("AssertionError", "checksum of block {n} differs", None),
    ("UnicodeDecodeError", "'utf-8' codec can't decode byte 0x9c in position {n}", None),
)

_ADMITS = (
    "I could not finish this: the {tool} step did not work. Please try again later.",
    "Sorry, {tool} failed, so I cannot give you the figure right now.",
    "The lookup in {tool} did not succeed; I have no reliable answer.",
)


def failure(turn: Turn, sayings: tuple[Said, ...], ms: float | None = None) -> Failure:
    """One of them."""
    kind, message, code = turn.draw.choice(sayings)
    form = "" if turn.draw.random() < 0.75 else "exception"
    number = str(turn.draw.randint(11, 97))
    return Failure(kind, message.replace("{n}", number), code, ms, form)


def some_call(turn: Turn, tool: str = "") -> Call | None:
    """A call of ``tool``, or any call."""
    calls = turn.calls_of(tool) if tool else turn.calls
    return turn.draw.choice(calls) if calls else None


def break_call(turn: Turn, call: Call, how: Failure, ends: float = 0.6) -> bool:
    """The call fails; with probability ``ends`` the trace with it, else the answer says so."""
    call.failure = how
    if turn.draw.random() < ends:
        turn.stop_after(call, Failure(how.kind, how.message, how.code))
    else:
        turn.answer = turn.draw.choice(_ADMITS).format(tool=call.tool.replace("_", " "))
    return True


def break_model(turn: Turn, how: Failure) -> bool:
    """A model call fails, and the trace with it."""
    step = turn.draw.choice(turn.steps)
    turn.steps = turn.steps[: turn.steps.index(step) + 1]
    step.failure, step.calls = how, []
    how.form = "exception"
    turn.fail(Failure(how.kind, how.message, how.code))
    return True


def calls_fail(
    sayings: tuple[Said, ...], tool: str = "", ends: float = 0.6, ms: float | None = None
) -> Plant:
    """A plant: a call (of ``tool``, if named) fails in one of these ways."""

    def plant(turn: Turn) -> bool:
        call = some_call(turn, tool)
        took = None if ms is None else ms * turn.draw.uniform(0.998, 1.006)
        return call is not None and break_call(turn, call, failure(turn, sayings, took), ends)

    return plant


def model_fails(sayings: tuple[Said, ...], ms: float | None = 240.0) -> Plant:
    """A plant: a model call fails."""

    def plant(turn: Turn) -> bool:
        took = None if ms is None else ms * turn.draw.lognormvariate(0.0, 0.3)
        return break_model(turn, failure(turn, sayings, took))

    return plant


def nothing(turn: Turn) -> bool:
    """A plant for faults that the whole traffic was prepared with."""
    return False

"""By which words and types failures are told apart: data for ``failure_classes``.

Within each table the order counts: the first class that matches is taken.
"""

from __future__ import annotations

NO_MESSAGE = "no message recorded"
"""Stands for the message of a span that ended with ERROR and says no more."""

OTHER = "other"
CANCELLED = "cancelled"
CODE = "code-execution-error"
AUTHENTICATION = "authentication-failure"
ARGUMENTS = "invalid-tool-arguments"
API = "api-failure"
UNPARSEABLE = "unparseable-model-output"
CONTENTION = "resource-contention"
TIMEOUT = "timeout"
RATE_LIMITED = "rate-limited"
NOT_FOUND = "not-found"
BLOCKED = "content-blocked"
CONTEXT = "context-length-exceeded"
STEP_LIMIT = "step-limit-reached"
UNDECLARED = "undeclared-tool"

SPECIFIC = (
    (CONTEXT, (
        r"context[_ ]length", r"maximum context", r"context window", r"too many tokens", r"prompt is too long",
        r"input is too long", r"input token count .{0,60}exceeds",
        r"reduce the length of the (?:messages|input)", r"token limit exceeded",
        r"exceeds? the (?:model's )?(?:maximum|context) (?:number of tokens|token|context|length|input)",
        r"maximum allowed number of input tokens",
    )),
    (BLOCKED, (
        r"content[_ ](?:filter|policy|management)", r"responsible ?ai ?policy",
        r"safety (?:settings|filters?|system)",
        r"blocked (?:by|due to|because of) (?:the |our )?(?:safety|content|site|provider|prohibited|policy)",
        r"triggered (?:a )?(?:guardrail|tripwire)", r"guardrail .{0,60}(?:triggered|tripwire|intervened)",
    )),
    (UNDECLARED, (
        r"is not a valid tool\b", r"unknown (?:tool|function)(?: name)?\b",
        r"(?:tool|function) [\"'`]?[\w.:/-]{1,80}[\"'`]? (?:was |is )?(?:not (?:found|available|"
        r"registered|recognized|defined)|does not exist|doesn't exist)",
        r"(?:tool|function) with name .{1,80}? not found", r"the tool .{1,80}?, but it doesn't exist",
        r"no (?:such )?tool (?:named|called|with name)", r"no such tool\b", r"unavailable tool\b",
        r"don't exist, these are the only available actions", r"not found in the tools_dict", r"tool not found",
        r"NoSuchTool",
    )),
    (UNPARSEABLE, (
        r"could not parse (?:the )?(?:llm|model|output|tool|function|response)", r"output ?parser",
        r"outputparsing", r"output_parsing",
        r"(?:failed to|error while) pars(?:e|ing) (?:the )?(?:llm|lm|model|action|tool call|"
        r"output|response)",
        r"failed to parse the lm response", r"invalid json (?:in|from|input for) (?:the )?(?:model|llm|tool)",
        r"error in (?:code )?parsing\b",
        r"error while (?:generating or )?parsing (?:the )?(?:output|tool call)",
        r"regex pattern .{0,80} was not (?:found|respected)", r"code (?:snippet|blob) (?:you used )?is invalid",
        r"json blob (?:you used )?is invalid", r"does not contain any json blob", r"invalid format: ",
        r"invalid or incomplete response",
        r"exceeded maximum (?:output )?retries (?:\(\d+\) )?for (?:result|output) validation",
        r"valid key, value dictionary", r"please try again with valid json",
        r"follow (?:the )?(?:thought-action-input|json) format", r"no code blocks found",
        r"invalid function calling", r"could not parse the response",
    )),
    (STEP_LIMIT, (
        r"(?:reached|hit|exceeded|exceeds?|exhausted) (?:the |its |your )?(?:configured "
        r")?(?:max(?:imum)?|limit)(?: (?:number|limit) of)? (?:allowed )?(?:\w+ )?(?:steps|"
        r"iterations|turns|rounds|messages|llm calls)",
        r"max(?:imum)?[ _]?(?:number of )?(?:allowed )?(?:\w+ )?(?:steps|iterations|turns|rounds|"
        r"messages|llm calls)\b(?: limit)?(?: of)? ?(?:\(?`?\d+`?\)?)? ?(?:was |were |has been |"
        r"have been )?(?:reached|exceeded|exhausted)",
        r"recursion limit of \d+ reached",
        r"(?:stopped|terminated) (?:due to|after) (?:reaching )?(?:the )?(?:max(?:imum)? "
        r")?(?:iteration|step|turn|recursion)s?(?: limit)?",
        r"iteration limit", r"exceed the (?:request|tool_calls)_limit of",
        r"need more steps to process this request", r"step budget (?:is )?exhausted",
    )),
    # waiting for a connection or a lock ends in a timeout, which is only how it shows
    (CONTENTION, (
        r"queuepool limit", r"pool (?:size )?limit .{0,40}reached", r"lock wait timeout",
    )),
)  # fmt: skip
"""What a provider or framework says in words of its own: it counts for more than a status."""
GENERAL = (
    (RATE_LIMITED, (
        r"rate[_ -]?limit", r"too many requests", r"resource[_ ]exhausted", r"quota (?:exceeded|exhausted)",
        r"exceeded .{0,40}quota", r"insufficient_quota", r"retry[- ]after\b", r"throttl", r"tokens per min",
    )),
    (AUTHENTICATION, (
        r"unauthori[sz]ed", r"unauthenticated", r"permission[_ ]denied", r"access denied", r"\bforbidden\b",
        r"(?:invalid|expired|incorrect|missing|revoked) (?:api[ _-]?|access[ _-]?|auth\w*[ _-]?|"
        r"bearer[ _-]?)?(?:token|key|credentials?|signature)",
        r"(?:token|key|credentials?|session) (?:has |have |is |are )?(?:expired|invalid|revoked)",
        r"authentication (?:failed|required|error)", r"not (?:authori[sz]ed|authenticated)", r"login required",
        r"(?:token|credentials?) included in the request (?:is|are) (?:expired|invalid)",
        r"does(?: not|n't) have (?:the )?(?:required |necessary )?permissions?\b",
        r"invalid[_ ]auth", r"no api[ _-]?key", r"api[ _-]?key (?:not|is not|must be)", r"\bE(?:ACCES|PERM)\b",
    )),
    (TIMEOUT, (
        r"\btimed?[ _-]?out\b", r"timeout\b", r"deadline[_ ]exceeded", r"gateway time", r"\bETIMEDOUT\b",
        r"ERR_TIMED_OUT",
    )),
    (CONTENTION, (
        r"out of memory", r"\boom\b", r"memoryerror", r"cuda error", r"pool (?:exhausted|limit|timeout)",
        r"queuepool", r"too many connections", r"lock wait", r"deadlock", r"database is locked",
        r"no space left", r"resource temporarily unavailable", r"\bE(?:MFILE|NOMEM|NOSPC)\b",
    )),
    (API, (
        r"internal server error", r"bad gateway", r"service (?:is )?(?:temporarily )?unavailable",
        r"server error", r"overloaded", r"connection (?:was )?(?:refused|reset|aborted|error|closed)",
        r"connecterror", r"could not resolve", r"name resolution", r"network (?:is )?unreachable",
        r"ssl(?:error| error|: )", r"certificate verify failed", r"remote end closed", r"server disconnected",
        r"unable to connect", r"failed to connect", r"max retries exceeded with url",
        r"name or service not known", r"getaddrinfo",
        r"\bE(?:CONNREFUSED|CONNRESET|NOTFOUND|PIPE|HOSTUNREACH|AI_AGAIN)\b",
        r"ERR_(?:NAME|CONNECTION|INTERNET|SSL|TUNNEL|ADDRESS)_", r"socket hang up", r"fetch failed",
    )),
    (ARGUMENTS, (
        r"validation[_ ]?errors?",
        r"invalid[_ ](?:arguments?|parameters?|params?|inputs?|values?|requests?|enum)", r"unexpected keyword",
        r"invalid (?:\w+ ){0,2}(?:id|number|format|date|code|name|type|email|address|syntax)\b",
        r"missing \d* ?(?:required )?(?:positional |keyword-only |mandatory )?(?:input "
        r")?(?:argument|parameter|field|value)",
        r"mandatory input parameters", r"required (?:property|field|argument|parameter|positional)",
        r"(?:does not|doesn't) (?:match|conform to) (?:the )?schema", r"schema (?:violation|mismatch)",
        r"field required", r"bad request", r"unrecognized (?:argument|field)", r"takes \d+ positional argument",
        r"fix the errors and try again", r"not one of the allowed",
        r"must be (?:a |an )?(?:valid|string|integer|number|list|boolean)",
    )),
    (NOT_FOUND, (
        r"not[_ ]found", r"no such (?:file|table|column|record|user|order|key|page|directory|entity|object)",
        r"does not exist", r"doesn't exist", r"did not appear verbatim",
        r"unknown (?:id|order|user|record|customer)", r"nosuchkey", r"\bENOENT\b",
        r"(?:string|text|pattern) to replace not found",
        r"(?:unable to|could not|couldn't|cannot) (?:find|locate)\b",
    )),
    (CANCELLED, (
        r"(?:request|operation|task|call|run|stream|query) (?:was |has been )?(?:cancel?led|"
        r"aborted|interrupted)",
        r"(?:cancel?led|aborted|interrupted) by (?:the )?(?:user|client|caller)", r"keyboardinterrupt",
        r"cancellederror", r"doesn't want to proceed with this tool use",
    )),
    (CODE, (
        r"command not found", r"import (?:of|from) .{1,60} is not allowed",
        r"forbidden (?:function|import|access)", r"is not among the (?:explicitly )?allowed",
        r"code execution failed", r"error executing code",
    )),
)  # fmt: skip
"""What anybody may say."""
EXCEPTION_TYPES = (
    (TIMEOUT, (
        r"Time(?:d)?[oO]ut", r"DeadlineExceeded",
    )),
    (RATE_LIMITED, (
        r"RateLimit", r"TooManyRequests", r"ResourceExhausted", r"Throttl", r"QuotaExceeded",
    )),
    (AUTHENTICATION, (
        r"Authentication", r"Unauthori[sz]ed", r"PermissionDenied", r"PermissionError", r"Forbidden",
        r"AccessDenied", r"InvalidApiKey", r"Unauthenticated", r"ExpiredToken", r"TokenExpired",
    )),
    (CONTEXT, (
        r"ContextLength", r"ContextWindow",
    )),
    (BLOCKED, (
        r"ContentFilter", r"ContentPolicy", r"GuardrailTripwire", r"PromptBlocked", r"BlockedPrompt",
        r"StopCandidate",
    )),
    (UNDECLARED, (
        r"NoSuchTool", r"UnknownTool", r"ToolNotFound",
    )),
    (UNPARSEABLE, (
        r"OutputPars", r"AgentParsing", r"ParsingError", r"AdapterParse", r"NoObjectGenerated",
        r"IncompleteToolCall",
    )),
    (STEP_LIMIT, (
        r"MaxSteps", r"MaxTurns", r"GraphRecursion", r"MaxIterations", r"MaxRounds", r"CallsLimitExceeded",
    )),
    (CONTENTION, (
        r"MemoryError", r"OutOfMemory", r"PoolTimeout", r"PoolExhausted",
    )),
    (API, (
        r"Connect(?:ion)?Error", r"InternalServer", r"ServiceUnavailable", r"APIError", r"BadGateway",
        r"ServerError", r"Overloaded", r"ConnectionRe(?:set|fused)", r"BrokenPipe", r"RemoteDisconnected",
        r"RemoteProtocol", r"SSLError", r"gaierror", r"EndpointConnection",
    )),
    (ARGUMENTS, (
        r"ValidationError", r"ValidationException", r"BadRequest", r"UnprocessableEntity", r"SchemaError",
        r"ToolInput", r"InvalidArgument", r"InvalidToolArguments", r"InvalidToolInput", r"InvalidRequest",
        r"AgentToolCallError", r"InvalidParameter", r"InvalidParams",
    )),
    (NOT_FOUND, (
        r"NotFound", r"NoSuchKey", r"NoSuchEntity",
    )),
    (CANCELLED, (
        r"Cancel?led", r"KeyboardInterrupt", r"AbortError",
    )),
    (CODE, (
        r"^(?:CodeI|AgentE|CodeE|I)(?:nterpreter|xecution)Error", r"SandboxError", r"^IndentationError",
    )),
)  # fmt: skip
"""Names of exceptions, case counts."""
WEAK_TYPES = (
    (UNPARSEABLE, (
        r"UnexpectedModelBehavior", r"ModelBehaviorError", r"JSONDecodeError",
    )),
    (STEP_LIMIT, (
        r"RecursionLimit", r"UsageLimitExceeded",
    )),
)  # fmt: skip
"""Too general to count before the words do."""

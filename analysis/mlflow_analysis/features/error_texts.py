"""Errors in the text of an output: what a failing call says, told from text that speaks of errors.

A text is an error by how it *begins* (an exception line, "Error executing tool …", an HTTP status
line), by the exit code that it states, by a traceback that it ends with (where code was run), or
by being nothing but a short statement of one ("Permission denied"). The word "error" elsewhere in
it is none of these: pages, logs, listings and test reports are full of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlflow_analysis.features.process_output import (
    ending_traceback,
    exit_code,
    is_answer,
    last_exception,
    only_reads,
    reason_of_exit,
    reports_tests,
)
from mlflow_analysis.features.tool_nature import ORDINARY, ToolNature

_LONGEST = 600
_SHORT = 240
_CONTENT = 2_000
"""Beyond this length, what a reading tool gives back is content."""


@dataclass(frozen=True, slots=True)
class TextError:
    """An error that a text states."""

    message: str
    start: int
    """Where ``message`` starts in the text."""
    exit_code: int = 0


_OPENING = r"\A[\s\"'`\[(*#>❌⚠️🚫❗-]{0,12}(?:<tool_use_error>|<error>)?\s{0,8}"
_VERBS = (
    r"(?:access|apply|authenticate|call|click|compile|complete|connect|convert|create|decode|delete|download|edit|"
    r"establish|execute|extract|fetch|generate|get|import|initiali[sz]e|install|invoke|launch|list|load|locate|"
    r"navigate|obtain|open|parse|perform|process|query|read|render|resolve|retrieve|run|save|scrape|search|send|"
    r"start|submit|update|upload|validate|verify|write)"
)
_ERROR_START = re.compile(
    _OPENING + r"(?:"
    r"(?:(?:tool|tool call|execution|runtime|internal|server|api|fatal|unexpected|http|request|validation|input"
    r"|input validation|tool input validation|web surfing|network|connection|parsing|parse|parser|database|sql"
    r"|query|command|code|python|model|client|system|critical|authentication|permission|timeout|rate limit"
    r"|encountered|unknown|mcp|function|invocation|script|syntax|type|value|name|key|attribute|import) )?"
    r"(?:error|exception)(?: code| message| type| details?)?(?: (?:-32\d{3}|[45]\d\d|\[\w+\]|\(\w+\)))?[\])*`]{0,3}\s*(?::(?!\w*://)|!|\s-\s)"
    r"(?!\s*(?:0|none|null|false|no|n/a)\W*(?:\Z|\n))(?=\s*\S)"
    r"|(?:execution |tool )?error(?: \w+)? (?:while|when|during|executing|calling|invoking|running|performing|parsing"
    r"|generating|fetching|accessing|reading|writing|processing|searching|retrieving|getting|loading|occurred|making"
    r"|connecting|opening|creating|sending|querying|validating|finding|downloading|decoding|converting"
    r"|in (?:code|tool|step|the|function|call|calling|executing|parsing|generating|agent|action|[\"'`]|\w+[_.(]"
    r"|\w+(?:tion|sion|ing)\b)"
    r"|from (?:the|tool|\w+[_.]))"
    r"[^:\n]{0,160}:\s"
    r"|execution error in [\w.-]{1,60}:"
    r"|error executing tool\."
    r"|(?:an?|some|the following|(?:sorry, )?there was an?|(?:sorry, )?i encountered an?|encountered an?) "
    r"(?:unexpected |internal |unknown |server |unhandled |output parsing )?(?:error|exception)"
    r"(?:(?: has| was)? (?:occur?red|raised|encountered)\b| (?:while|when|during|executing|calling|running)\b|:)"
    r"|failed to " + _VERBS + r"\b|failed " + _VERBS + r"ing\b"
    r"|(?:unable to|could not|couldn't|cannot|can't) (?!(?:locate|get|list|search|query)\b)" + _VERBS + r"\b"
    r"|(?:http(?:/\d(?:\.\d)?)?|status(?: code)?|error(?: code)?)\s*[:=]?\s*[45]\d\d"
    r"(?:\s*[:{]|\Z|\n| - |\s+(?:client|server) error)"
    r"|(?:<!doctype html>\s*)?<html[^>]{0,80}>\s*<head>\s*<title>\s*[45]\d\d\b"
    r"(?=\W{0,3}(?:</title>|error|bad|client|forbidden|gateway|internal|method|not found|request|server|service"
    r"|too many|unauthori[sz]ed))"
    r"|bash: |/bin/(?:ba)?sh: |sh: \d+: |zsh: "
    r"|invocation of tool\b|(?:tool|function) (?:call|execution|invocation) (?:failed|error)"
    r"|(?:execution|command|request|operation|query|api call|action) failed\b\s*[.:!(]"
    r"|(?:mcp|json-?rpc) error -32\d{3}"
    r"|\d+ validation errors?\b"
    r"|the script ran, then exited with an error"
    r")",
    re.IGNORECASE,
)  # fmt: skip
_EXCEPTION_START = re.compile(
    _OPENING + r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Timeout)(?:\(|: ?\S)"
)
_STATUS_LINE = re.compile(
    _OPENING + r"(?:http(?:/\d(?:\.\d)?)?\s*)?(?:error\s*)?[45]\d\d\s*[:-]?\s*\(?"
    r"(?:client error|server error|bad request|unauthori[sz]ed|"
    r"payment required|forbidden|not found|method not allowed|request time-?out|conflict|gone|payload too large|"
    r"unprocessable (?:entity|content)|too many requests|internal server error|not implemented|bad gateway|"
    r"service (?:temporarily )?unavailable|gateway time-?out|resource_exhausted|unavailable|permission_denied|"
    r"invalid_argument|deadline_exceeded)\b\)?\s*(?::|\.|\{|\Z|\n|for url|- \{)",
    re.IGNORECASE,
)
# A whole short text that is one of these, and nothing behind it but details.
_NOUNS = (
    r"(?:file|directory|folder|path|page|url|resource|endpoint|record|row|user|customer|client|account|order|"
    r"product|item|document|ticket|invoice|reservation|booking|payment|conversation|session|table|column|id|key|"
    r"project|repository|branch|issue|email|contact|event|device|host|model|agent|tool|function|action|coworker)"
)
_BARE = re.compile(
    _OPENING + r"(?:"
    r"(?:permission|access) denied|unauthori[sz]ed|forbidden\b|not authori[sz]ed"
    r"|(?:request |operation |connection |call |read |the request |the operation |tool |query )?(?:timed out|timeout)\b"
    r"|connection (?:refused|reset|aborted|error|closed)|too many requests|rate limit(?:ed| exceeded| reached)"
    r"|quota exceeded|(?:the )?service (?:is )?(?:temporarily |currently )?unavailable"
    r"|internal server error|bad gateway"
    r"|(?:invalid|expired|missing) (?:\w+ ){0,2}"
    r"(?:id|number|format|date|code|name|type|email|address|syntax|api key|access token|token|credentials"
    r"|arguments?|parameters?|input|request|json|url|value)\b"
    r"|(?:error|exception|failed|failure)(?=\W*\Z)|[\w']+(?: [\w']+)? failed(?=: \S)"
    r"|[^\n]{0,80}\btimed out(?= (?:after|while)\b)"
    r"|(?:unable to|could not|couldn't|cannot) (?:find|locate) (?:the |a |an )?(?:requested |specified )?"
    + _NOUNS
    + r"\b[^\n]{0,80}"
    r"|no such (?:file|directory|table|column|user|order|record|tool|function)"
    r"|(?:the )?(?:requested |specified |given )?"
    + _NOUNS + r"\b(?:[^\n;,.]|\.(?=\S)){0,100}?"
    r" (?:was |is |could |does )?(?:not (?:be )?found|not exist|not available|doesn't exist)"
    r"|" + _NOUNS + r" not found"
    r"|you tried to use the tool .{1,80}?, but it doesn't exist"
    r"|max(?:imum)? retries exceeded|unknown (?:tool|function|action|command)\b"
    r"|(?:tool|function|action) .{1,80}? is not a valid|[\w.-]{1,80} is not a valid tool\b"
    r"|action ['\"`].{1,80}?['\"`] don't exist"
    r"|mandatory input parameters|missing required (?:argument|parameter|field|input)s?"
    r"|command not found|[\w./-]{1,60}: (?:command not found|no such file or directory|permission denied)"
    r"|no replacement was performed\b|invalid or incomplete response|no code blocks found"
    r")(?: access| request| error)?\s*(?:[.:!;,)(\[<\"'`-]|\Z|\n"
    r"|(?:to|for|on|by|after|while|when|at|in|from|with|by|because|did)\b)",
    re.IGNORECASE,
)  # fmt: skip
_SHELL_ERROR = re.compile(
    r"\A\s*(?:killed\s*\Z|segmentation fault|[():\w./-]{1,60}: (?:line \d+: )?(?:[^\n]{1,160}: )?"
    r"(?:command not found|not found\b|no such file or directory|permission denied|cannot |can't |is a directory)"
    r"|fatal: |npm (?:err!|error) |make: \*\*\* |e: unable |sudo: )",
    re.IGNORECASE,
)
"""How shells and common commands complain."""
_TOOL_LISTED = re.compile(
    r"(?:is not a valid tool, try one of|but it doesn't exist\. You must use one of|don't exist, these are the only"
    r"|unknown tool\b[^\n]{0,80}available tools|not found\. Available tools)",
    re.IGNORECASE,
)
"""These go on with the list of what there is, and may be long."""

# In place of an answer: what frameworks return when they stop an agent or can't read its model.
_STEPS = r"(?:steps|iterations|turns|rounds|messages)\b"
STOPPED = re.compile(
    r"\A\W*(?:(?:the )?agent (?:was )?(?:stopped|terminated) (?:due to|after|because)[^\n]{0,40}?"
    r"(?:iteration|time limit|max|step|turn)"
    r"|(?:(?:agent|workflow|run|executor|the agent|we have|i have|i've) )?(?:has |have )?"
    r"(?:reached|hit|exceeded) (?:the |its |my )?(?:configured )?"
    r"max(?:imum)? ?(?:number of )?(?:allowed )?(?:\w+ )?" + _STEPS + r"(?: of \d+| \(\d+\))?"
    r"|max(?:imum)? (?:number of )?(?:allowed )?(?:\w+ )?" + _STEPS + r"(?: of)? ?(?:\(?\d+\)?)? ?"
    r"(?:was |were |has been |have been )?(?:reached|exceeded)"
    r"|recursion limit of \d+ reached|sorry, need more steps to process this request)",
    re.IGNORECASE,
)
_UNREAD = re.compile(
    r"\A\W*(?:error in code parsing:|error while (?:generating or )?parsing (?:tool call|output)|"
    r"(?:an output parsing error occurred[^\n]{0,200}|output ?parser ?(?:error|exception)[^\n]{0,40})?"
    r"could not parse (?:llm|model) output:|"
    r"outputparserexception\b|adapter \w+ failed to parse the lm response|invalid format: (?:missing|i missed) 'action|"
    r"error: could not parse output\. please follow)",
    re.IGNORECASE,
)

_LOG_LINE = re.compile(
    r"^\W?(?:\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|(?:DEBUG|INFO|WARN(?:ING)?|ERROR|TRACE|FATAL|CRITICAL)\b[ :\]|])",
    re.MULTILINE,
)


def error_in(text: str, tool: ToolNature = ORDINARY, command: str = "") -> TextError | None:
    """The error that the output of a tool states, or ``None``.

    ``command`` is the shell command or code that was run, where it is known.
    """
    if not text.strip():
        return None
    ending = None if tool.reads and not tool.runs_code else exit_code(text)
    if ending is not None:
        code, start = ending
        if code == 0 or (code == 1 and is_answer(text, command)):
            return None
        reason = reason_of_exit(text, start)
        return TextError(reason.message, reason.start, code)
    if tool.runs_code and not only_reads(command) and not reports_tests(text):
        raised = ending_traceback(text)
        if raised is not None:
            return TextError(raised.message, raised.start)
    if (
        tool.runs_code
        and not only_reads(command)
        and len(text) <= _CONTENT
        and _SHELL_ERROR.match(text)
    ):
        return _whole(text)
    if tool.reads and len(text) > _CONTENT:
        return None
    head = text[:4_000].lstrip()
    if head.startswith("Traceback (most recent call last):"):
        raised = last_exception(text)
        return TextError(raised.message, raised.start) if raised else _whole(text)
    if len(_LOG_LINE.findall(head[:1_500])) >= 2 and not _EXCEPTION_START.match(head):
        return None
    return _whole(text) if _begins_as_error(text, head, tool) else None


def answer_instead(text: str) -> TextError | None:
    """The text with which a framework replaces an answer: stopped at a limit, model not understood."""
    if len(text) <= 400 and STOPPED.match(text):
        return _whole(text)
    return _whole(text) if _UNREAD.match(text[:600]) else None


def _begins_as_error(text: str, head: str, tool: ToolNature) -> bool:
    if _EXCEPTION_START.match(head):
        return True
    if _ERROR_START.match(head) and (len(text) <= _CONTENT or not _is_heading(head)):
        return True
    if _STATUS_LINE.match(head) and len(text) <= _CONTENT:
        return True
    if _UNREAD.match(head) or (STOPPED.match(head) and len(text) <= _SHORT):
        return True
    if _TOOL_LISTED.search(head[:300]) or head.lstrip().startswith("<tool_use_error>"):
        return True
    short = len(text.strip()) <= _SHORT or "\n" not in text.strip()[:_SHORT]
    return short and len(text) <= _CONTENT and not tool.searches and bool(_BARE.match(head))


def _is_heading(head: str) -> bool:
    """Whether the first line is a title: an article about errors goes on with a blank line."""
    first, _, rest = head.strip().partition("\n")
    return len(first) <= 120 and rest[:1] in ("\n", "=", "-") and not first.rstrip().endswith(":")


def _whole(text: str) -> TextError:
    stripped = text.lstrip()
    return TextError(stripped[:_LONGEST].rstrip(), len(text) - len(stripped))

"""Hypothesis ``code-execution-error``."""

from __future__ import annotations

from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.failure_class import FailureClass


class CodeExecutionError(FailureClass):
    """Code that the model wrote raises when it is run.

    ## Why it matters
    Every run that raises costs a step and its tokens. Syntax errors, unknown names and forbidden imports
    come from not knowing the sandbox, and are the cheapest of all failures to prevent.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: a tool whose name says that it runs code, a shell or SQL (python, bash, terminal, sandbox,
    run_command …) states an exit code other than 0 in the first or last four lines or in a field, ends
    in a traceback, or failed otherwise, for a reason of the code's own: syntax, a name, a type, an
    import, a missing file, an operation that the sandbox forbids. Also a framework's "Code execution
    failed at line …". Timeouts, rate limits, exhausted memory and statuses recorded as attributes keep
    their own class. Confirmed with 3 calls or 1 %, refuted if the upper bound of the share is below 1
    %.

    ## Not flagged
    Exit code 0, whatever was printed; tests that failed as the task asked to see (exit code 1 with a
    test runner's summary); a search or comparison that found nothing (grep, diff: exit code 1);
    tracebacks in a file or log that a command printed; exceptions of the tools themselves.

    ## Recommendation
    Tell the model which modules, names and operations the sandbox has; compile or lint the code before
    it is run and hand the message back in the same step; install what is imported again and again.

    ## Sources
    Chen et al., "Teaching Large Language Models to Self-Debug" (2023), arXiv:2304.05128; Wang et al.,
    "Executable Code Actions Elicit Better LLM Agents" (2024), arXiv:2402.01030; Python Language
    Reference, built-in exceptions.
    """

    id = "code-execution-error"
    title = "Generated code fails"
    severity = Severity.MEDIUM
    what_happened = "ran generated code that raised an exception"

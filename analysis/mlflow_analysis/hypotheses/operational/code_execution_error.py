"""Hypothesis ``code-execution-error``."""

from __future__ import annotations

from mlflow_analysis.findings import Severity
from mlflow_analysis.hypotheses.failure_class import FailureClass


class CodeExecutionError(FailureClass):
    """Code that the model wrote raises when it is run.

    ## Why it matters
    Every run that raises costs a step and its tokens. Syntax errors, unknown names and forbidden imports
    come from not knowing the sandbox, and are the cheapest of all failures to prevent.

    ## Test
    A call counts if generated code began to fail with an exception of its own: a syntax or indentation
    error, an unknown name or attribute, a missing module, a forbidden operation, a type or value error.
    Confirmed with 3 calls or 1 %.

    ## Not flagged
    Failing tests that the task asked to see; exceptions of the tools themselves.

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

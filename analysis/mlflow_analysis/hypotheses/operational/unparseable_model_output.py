"""Hypothesis ``unparseable-model-output``."""

from __future__ import annotations

from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.failure_class import FailureClass


class UnparseableModelOutput(FailureClass):
    """The framework cannot parse what the model replied.

    ## Why it matters
    The reply has been paid for and thrown away; the agent asks again, or stops. It happens more with
    long prompts, smaller models and after a model was exchanged.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: the failure is an output-parsing error by its exception type or by the framework's words:
    a missing tag or action, JSON that does not decode, a wrong code fence, a tool call that cannot be
    read; also where the output of an agent, chain or tool begins with those words. Confirmed with 3
    calls or 1 %, refuted if the upper bound of the share is below 1 %.

    ## Not flagged
    Final answers in free text, where no form was asked for; a reply that was cut off by its token limit
    (see truncated-response).

    ## Recommendation
    Use the provider's structured output or tool calling instead of parsing free text; where that is not
    to be had, show one complete example in the prompt, and repair once with the parser's message.

    ## Sources
    LangChain, error OUTPUT_PARSING_FAILURE,
    https://docs.langchain.com/oss/python/langchain/errors/OUTPUT_PARSING_FAILURE; OpenAI, "Structured
    model outputs", https://platform.openai.com/docs/guides/structured-outputs
    """

    id = "unparseable-model-output"
    title = "Model reply could not be parsed"
    severity = Severity.MEDIUM
    what_happened = "got a model reply that could not be parsed"

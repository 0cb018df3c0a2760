"""Hypothesis ``not-found``."""

from __future__ import annotations

from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.failure_class import FailureClass, leading_cause


class NotFound(FailureClass):
    """Calls ask for a record, file or page that does not exist.

    ## Why it matters
    Where an id was misread or invented, the call is wasted, and the agent either asks the user again
    or goes on with nothing.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: the failure has status 404 or 410 (gRPC 5), an exception such as FileNotFoundError or
    NoSuchKey, or a message or error field that says that the thing asked for is not there; or the whole
    output of a tool that is no search is one short line saying so ("Order 5821 not found"). Confirmed
    with 3 calls or 1 %, refuted if the upper bound of the share is below 1 %.

    ## Not flagged
    A search that returned nothing: an empty result is an answer. A tool that is not there (see
    undeclared-tool); text that mentions a missing thing.

    ## Recommendation
    Check the shape of an id before the call, let the agent list or search before it fetches, and return
    what does exist (near names, valid ids) with the error, so that the next call can be right.

    ## Sources
    RFC 9110, sections 15.5.5 (404) and 15.5.11 (410); Anthropic, "Writing effective tools for agents"
    (2025), on helpful tool errors, https://www.anthropic.com/engineering/writing-tools-for-agents
    """

    id = "not-found"
    title = "Asked for what does not exist"
    severity = Severity.MEDIUM
    what_happened = "asked for something that does not exist"

    def recommend(self, finding: Finding) -> str:
        """Names the tool whose ids to check."""
        tool = leading_cause(finding)
        advice = self.documentation().recommendation
        return f"Begin with the ids given to {tool}. {advice}" if tool else advice

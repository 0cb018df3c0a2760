"""Hypothesis ``invalid-tool-arguments``."""

from __future__ import annotations

import pandas as pd

from mlflow_analysis.features.tables import Features
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Severity
from mlflow_analysis.hypotheses.failure_class import FailureClass, leading_cause

# Where validators name the argument: Python's own TypeError, JSON Schema, pydantic, FastAPI.
_ARGUMENT = (
    r"(?:unexpected keyword argument|required (?:positional |keyword-only )?arguments?:?"
    r"|required (?:property|field|parameter|argument)|missing (?:property|field|parameter|argument)"
    r"|invalid (?:value for )?(?:property|field|parameter|argument)|properties are not allowed \()"
    r"\s*:?\s*['\"`](?P<after>[A-Za-z_][\w.-]{0,60})['\"`]"
    r"|['\"`](?P<before>[A-Za-z_][\w.-]{0,60})['\"`] is a required property"
    r"|validation errors? for [^\n]*\n\s*(?P<pydantic>[A-Za-z_][\w.]{0,60})\n"
)


class InvalidToolArguments(FailureClass):
    """Tools are called with arguments that they do not take.

    ## Why it matters
    The model has misunderstood the tool: each such call costs a step and the tokens of its repair, and
    a model that guesses an argument may also guess one that is accepted and wrong.

    ## Test
    Unit: calls. Eligible: calls of tools and models, spans without children, and spans in which a
    failure began, in complete traces. A failure that is passed up the tree counts once, where it began.
    Affected: the failure has status 400, 405, 406, 411, 413, 414, 415, 422 or 431 (gRPC 3 or 11,
    JSON-RPC -32600 or -32602) and no more specific reason, an exception of validation, or a message
    that names a schema, a missing, unexpected or invalid argument. Confirmed with 3 calls or 1 %,
    refuted if the upper bound of the share is below 1 %. The statement names the argument that the
    messages name most.

    ## Not flagged
    The tool's own crash on arguments that its schema allows; a record that does not exist (see
    not-found); arguments that are no JSON at all (see unparseable-model-output).

    ## Recommendation
    Put the argument's type, format and an example into the tool's description, make what is optional
    truly optional, use the provider's strict schema mode, and let the error say what would have been
    valid.

    ## Sources
    RFC 9110, sections 15.5.1 (400) and 15.5.21 (422); JSON Schema Validation 2020-12; Patil et al.,
    "Gorilla: Large Language Model Connected with Massive APIs" (2023), arXiv:2305.15334.
    """

    id = "invalid-tool-arguments"
    title = "Tool called with wrong arguments"
    severity = Severity.MEDIUM
    what_happened = "was called with arguments that it does not take"

    def statement(self, features: Features, spans: pd.DataFrame) -> str:
        """Adds the argument that is named most often."""
        text = super().statement(features, spans)
        named = argument_names(spans["error_message"])
        named = named[named != ""]
        if named.empty:
            return text
        counts = named.value_counts()
        top = sorted(counts[counts == counts.iloc[0]].index)[0]
        return f"{text} The argument named most is {top} ({int(counts.iloc[0])} of {len(spans)})."

    def recommend(self, finding: Finding) -> str:
        """Names the tool whose description to mend."""
        tool = leading_cause(finding)
        advice = self.documentation().recommendation
        return f"Begin with the description of {tool}. {advice}" if tool else advice


def argument_names(messages: pd.Series) -> pd.Series:
    """The argument that each message names, or ""."""
    found = messages.astype(str).str.extract(_ARGUMENT, flags=2)  # re.IGNORECASE
    return found["after"].fillna(found["before"]).fillna(found["pydantic"]).fillna("")

"""The judge of a session: opened once, so that its budget holds for all that is asked of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from mlflow_analysis.brief.focus import Focus
from mlflow_analysis.connecting.sign_in import ConnectionRequest
from mlflow_analysis.connecting.surroundings import read_env_file
from mlflow_analysis.findings.analysis import Analysis
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.judged import JudgedFinding
from mlflow_analysis.judge.claims import NO_JUDGE
from mlflow_analysis.judge.judging import account, questions_about, second_look
from mlflow_analysis.judge.model import MOST_OUTPUT, Judge
from mlflow_analysis.judge.opening import open_judge
from mlflow_analysis.judge.opinions import second_opinion
from mlflow_analysis.protocol import JudgeChoice, Outcome, Plan, Pushed, StepsDone
from mlflow_analysis.report.figures import agreement
from mlflow_analysis.report.method import judging
from mlflow_analysis.service.redaction import Redaction
from mlflow_analysis.source import TraceSource
from mlflow_analysis.tracking.problems import ConnectionProblem


class SessionJudge:
    """Asks about single findings, and keeps what was said for as long as the analysis stands."""

    def __init__(self) -> None:
        self._opened: tuple[JudgeChoice, str, Judge] | None = None
        self._stopped = threading.Event()
        self._said: dict[str, JudgedFinding] = {}
        self._not_done: tuple[str, ...] = ()

    def stop(self) -> None:
        """Ask nothing more of what is being asked."""
        self._stopped.set()

    def forget(self) -> None:
        """Another analysis: what was said was said of other traces."""
        self._said, self._not_done = {}, ()

    def open(self, choice: JudgeChoice, connection: ConnectionRequest) -> Judge:
        """The judge, its budget as far as it was spent. Raises ``ConnectionProblem``."""
        env_file = connection.env_file
        if self._opened is None or self._opened[:2] != (choice, env_file):
            redact = Redaction()
            redact.learn(connection)
            try:
                variables = read_env_file(env_file)
                judge = open_judge(choice.model, choice.budget, redact=redact, variables=variables)
            except ValueError as problem:
                raise ConnectionProblem(f"The judge cannot be asked: {problem}") from problem
            self._opened = choice, env_file, judge
        return self._opened[2].again()

    def for_claims(
        self,
        claims: Sequence[Focus],
        choice: JudgeChoice | None,
        connection: ConnectionRequest,
    ) -> tuple[Judge | None, str]:
        """The judge if a claim is for it; or why there is none, as a clause."""
        if choice is None or not any(each.judge for each in claims):
            return None, NO_JUDGE
        try:
            return self.open(choice, connection), ""
        except ConnectionProblem as problem:
            return None, problem.sentence.rstrip(".")

    def plan(self, judge: Judge, finding: Finding) -> Plan:
        """What asking about ``finding`` costs at most."""
        questions = questions_about(finding)
        budget, spent = judge.budget, judge.spent
        most = questions * judge.attempts
        if budget.limit.calls is not None:
            most = min(most, max(0, budget.limit.calls - spent.calls))
        cost = f"At most {most} calls, with at most {MOST_OUTPUT:,} tokens of answer each"
        if budget.price is not None:
            cost += f": ${most * MOST_OUTPUT * budget.price.output:,.2f} for the answers"
        return Plan(
            judge.name,
            (
                f"{questions - 1} traces of this finding are shown to it, credentials masked, with the "
                "question whether they show what is claimed; and once it is asked for the cause.",
                f"{cost}. Answers that were given before cost nothing.",
                f"Never more than the budget of {budget.limit}, of which {spent.calls} calls and "
                f"{spent.input_tokens + spent.output_tokens:,} tokens are spent.",
                "It changes no verdict.",
            ),
            most,
        )

    def ask(
        self,
        judge: Judge,
        finding: Finding,
        source: TraceSource,
        *,
        seed: int,
        window: str,
        send: Callable[[Pushed], None],
    ) -> Outcome:
        """Ask about ``finding``; ``shown`` has the answer from then on."""
        self._stopped.clear()
        said, self._not_done = second_look(
            finding,
            source,
            judge,
            seed=seed,
            window=window,
            told=lambda done, steps: send(StepsDone(done, steps)),
            cancelled=self._stopped.is_set,
        )
        told = [f"Not done by the judge: {each}." for each in self._not_done]
        if said is not None:
            self._said[finding.fingerprint] = said
            told = [*([agreement(said.opinion)] if said.opinion else []), *said.root_cause, *told]
        return Outcome((*told, judging(account(judge, self._not_done))[1]))

    def shown(self, analysis: Analysis) -> Analysis:
        """``analysis`` with what the judge said of its findings."""
        if self._opened is None or not self._said:
            return analysis
        return replace(
            analysis,
            findings=tuple(replace(each, judge=self._now(each)) for each in analysis.findings),
            judge=account(self._opened[2], self._not_done),
        )

    def _now(self, finding: Finding) -> JudgedFinding | None:
        """What was said of ``finding``, with the share as it is now: a watched experiment grows."""
        said = self._said.get(finding.fingerprint, finding.judge)
        if said is None or said.opinion is None:
            return said
        opinion = second_opinion(said.opinion.traces, finding.rate, finding.interval)
        return replace(said, opinion=opinion)

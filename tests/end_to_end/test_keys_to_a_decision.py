"""How many keys it takes from starting the program to a decision, and to the span that shows what is worst."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from pseudo_terminal import Terminal

from demo_stores import demo_store
from mlflow_analysis.contract.kept import analyses_directory, kept_analyses
from mlflow_analysis.contract.reading import read_analysis
from mlflow_analysis.demo.store import DemoStore
from mlflow_analysis.findings.finding import Finding
from mlflow_analysis.findings.kinds import Verdict
from mlflow_analysis.review import Decision, Review, review_path

pytestmark = pytest.mark.terminal

TRACES = 240
MOST_KEYS = 6
ENTER = "\r"


@pytest.fixture(scope="module")
def store() -> DemoStore:
    """A small sample store with planted faults."""
    return demo_store(TRACES)


class CountedKeys:
    """A program that is just started on an experiment, and how many keys it was given since."""

    def __init__(self, store: DemoStore, cwd: Path) -> None:
        self.terminal = Terminal(
            "--tracking-uri", store.tracking_uri, "--experiment", store.experiment_name, cwd=cwd
        )
        self.terminal.wait_for(f"{TRACES} traces")
        self.keys = 0

    def press(self, key: str, *then: str) -> None:
        """Press one key, and wait for what it shows."""
        self.keys += 1
        self.terminal.press(key)
        self.terminal.wait_for(*then)

    def to_the_worst(self) -> None:
        """Go to the finding that comes first by rank."""
        self.press("4", "What the application does")
        self.press("s", f"{TRACES} traces read", "v review")
        self.press("v", "Review  1 of")


@pytest.fixture
def started(store: DemoStore, tmp_path: Path) -> Iterator[CountedKeys]:
    counted = CountedKeys(store, tmp_path)
    yield counted
    counted.terminal.close()


def worst_finding() -> tuple[Finding, Review]:
    """What ranks first in the analysis that was just kept, and the review beside it."""
    reviews = Path(platformdirs.user_data_dir("mlflow-tui")) / "reviews"
    (kept,) = kept_analyses(analyses_directory(reviews))
    analysis = read_analysis(kept.path)
    worst = next(
        each for each in analysis.findings if each.is_issue and each.verdict is Verdict.CONFIRMED
    )
    return worst, Review(review_path(reviews, kept.tracking_uri, kept.experiment_id))


def test_rejected_as_by_design_with_a_note(started: CountedKeys) -> None:
    started.to_the_worst()
    started.press("r", "Reject")
    started.press("d", "› 2")
    started.terminal.press("we throttle on purpose")
    started.press(ENTER, "Review  2 of")
    assert started.keys <= MOST_KEYS
    worst, review = worst_finding()
    ruling = review.ruling(worst.fingerprint)
    assert (ruling.decision, ruling.reason) == (Decision.REJECTED, "by design")
    assert ruling.note == "we throttle on purpose"


def test_the_failing_span_of_the_worst_finding(started: CountedKeys) -> None:
    started.to_the_worst()
    worst, _ = worst_finding()
    started.press(
        ENTER, f"traces · finding “{worst.title.split()[0]}"
    )  # the rest may be on the next line
    assert started.keys <= MOST_KEYS
    assert worst.examples[0].span_id
    # In the list and in the span tree a line is under the cursor: the trace, and the span that shows it.
    started.terminal.wait_until(
        lambda: started.terminal.text.count("▌") >= 2, "no span is under the cursor"
    )

"""Where a failure began: one that was passed up the tree counts once."""

from __future__ import annotations

from trace_factory import chain, features_of, model, tool, trace

MESSAGE = "429 Too Many Requests"


def names(table):
    return sorted(table["name"])


def test_a_failure_that_was_passed_up_counts_where_it_began():
    features = features_of(
        trace(
            chain(
                "step",
                tool("search", status="ERROR", message=MESSAGE),
                status="ERROR",
                message=MESSAGE,
            ),
            state="ERROR",
            root_message=f"RateLimitError: {MESSAGE}",
        )
    )

    assert names(features.failures) == ["search"]


def test_a_root_passes_on_what_failed_below_a_step_that_ended_well():
    features = features_of(
        trace(
            chain("step", tool("search", status="ERROR", message=MESSAGE)),
            state="ERROR",
            root_message=MESSAGE,
        )
    )

    assert names(features.failures) == ["search"]


def test_a_root_that_fails_for_a_reason_of_its_own_counts_too():
    features = features_of(
        trace(
            tool("search", status="ERROR", message=MESSAGE),
            state="ERROR",
            root_message="Recursion limit of 25 reached",
        )
    )

    assert dict(zip(features.failures["name"], features.failures["error_class"], strict=True)) == {
        "agent": "step-limit-reached",
        "search": "rate-limited",
    }


def test_a_span_that_gives_no_reason_passes_on_what_failed_below():
    below = chain("step", tool("search", status="ERROR", message=MESSAGE), status="ERROR")

    assert names(features_of(trace(below, state="ERROR")).failures) == ["search"]
    assert names(features_of(trace(chain("step", status="ERROR"))).failures) == ["step"]


def test_two_calls_that_fail_are_two_failures():
    failing = tool("search", status="ERROR", message=MESSAGE)

    assert names(features_of(trace(failing, failing)).failures) == ["search", "search"]


def test_traces_in_progress_are_left_out():
    features = features_of(
        trace(tool("search", status="ERROR", message=MESSAGE), state="IN_PROGRESS")
    )

    assert features.failures.empty
    assert len(features.operations) == 0


def test_operations_are_calls_and_leaves_and_what_failed_by_itself():
    fine = trace(chain("outer", model("chat"), chain("leaf")), chain("inner", tool("search")))
    broken = trace(chain("broken", tool("lookup"), status="ERROR", message="it broke"))

    assert names(features_of(fine).operations) == ["chat", "leaf", "search"]
    assert names(features_of(broken).operations) == ["broken", "lookup"]

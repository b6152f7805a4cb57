"""SQLSTATEs from DataFusion's error texts."""

import pytest

from cache_service.errors import sqlstate


@pytest.mark.parametrize(
    ("text", "state", "message"),
    [
        (
            'DataFusion error: SQL error: ParserError("Expected: x")',
            "42601",
            'SQL error: ParserError("Expected: x")',
        ),
        (
            "Error during planning: table 'lake.gold.nope' not found",
            "42P01",
            "table 'lake.gold.nope' not found",
        ),
        ("Error during planning: DDL not supported: DropTable", "25006", "DDL not supported: DropTable"),
        ("Error during planning: Invalid function 'x'.", "42883", "Invalid function 'x'."),
        ("SQL error: RecursionLimitExceeded (current limit: 50)", "54001", None),
        ("DataFusion error: Arrow error: Divide by zero error", "22012", "Arrow error: Divide by zero error"),
        ("DataFusion error: Resources exhausted: Failed to allocate", "53200", None),
        ("something nobody has seen", "22000", "something nobody has seen"),
    ],
)
def test_a_text_has_a_state_and_is_shown_without_machinery(text: str, state: str, message: str | None) -> None:
    assert sqlstate(text) == (state, message or text.removeprefix("DataFusion error: "))


def test_advice_to_report_a_bug_in_datafusion_is_left_out() -> None:
    text = "Internal error: x.\nThis issue was likely caused by a bug in DataFusion's code."
    assert sqlstate(text) == ("XX000", "Internal error: x.")

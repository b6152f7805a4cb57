"""Handles and tickets carry a whole question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biaac.flight import Malformed, pack
from cache_service.questions import Question


@given(st.text(), st.none() | st.binary(), st.none() | st.text())
def test_a_handle_carries_the_whole_question(sql: str, parameters: bytes | None, release: str | None) -> None:
    question = Question(sql, parameters, release)
    assert Question.decode(question.encode()) == question


@pytest.mark.parametrize("handle", [None, b"", b"x", b"{}", pack("Session", (1, "x")), pack("Question", (1, 7))])
def test_a_handle_of_another_server_is_refused(handle: bytes | None) -> None:
    with pytest.raises(Malformed):
        Question.decode(handle)

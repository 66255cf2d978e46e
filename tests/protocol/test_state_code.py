"""The 16-bit state code."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ec2lite.errors import ResponseError
from ec2lite.operations.shapes import InstanceState
from ec2lite.protocol import state_code
from strategies import STATE_CODES, WHITE_SPACE

ALL = range(0x10000)


def test_all_codes_are_read():
    """Each of the 65,536 codes is read as the number that was written."""
    assert list(ALL) == [state_code.decode(str(code)) for code in ALL]


def test_high_byte_never_matters():
    """Of each of the 65,536 codes, ``code`` is the low byte and ``raw_code`` all sixteen bits."""
    states = [InstanceState(state_code.decode(str(code)), "any") for code in ALL]

    assert [code % 256 for code in ALL] == [state.code for state in states]
    assert list(ALL) == [state.raw_code for state in states]


@given(STATE_CODES, st.integers(0, 0xFF), WHITE_SPACE, st.integers(0, 5), st.text(max_size=9))
def test_any_high_byte(code, high, gap, zeros, name):
    """Whatever the high byte, white space or name, ``code`` depends on the low byte alone."""
    other = high << 8 | code & 0xFF
    written = f"{gap}{str(other).rjust(min(5, len(str(other)) + zeros), '0')}{gap}"

    state = InstanceState(state_code.decode(written), name)

    assert (code & 0xFF, other, name) == (state.code, state.raw_code, state.name)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0, "pending"),
        (16, "running"),
        (32, "shutting-down"),
        (48, "terminated"),
        (64, "stopping"),
        (80, "stopped"),
    ],
)
def test_documented_codes(code, name):
    """The six states that AWS documents keep their number with AWS's own bits above it."""
    state = InstanceState(state_code.decode(str(0xA700 | code)), name)

    assert (code, name) == (state.code, state.name)


NO_CODES = ["", " ", "-1", "+1", "65536", "99999", "100000", "000016", "1.0", "1e2", "0x10", "1_0"]


@pytest.mark.parametrize("text", [*NO_CODES, "16 32", "\N{ARABIC-INDIC DIGIT ONE}", "²", "running"])
def test_no_code(text):
    """What is not a 16-bit integer is refused, and shown."""
    with pytest.raises(ResponseError) as caught:
        state_code.decode(text)

    assert f"the state code {text!r} is not a 16-bit integer" == caught.value.args[0]


@given(st.text(max_size=8) | st.integers().map(str))
@example("9" * 5000)
@example("0\x1f")
def test_code_or_error(text):
    """Any text is a number from 0 to 65535 or a ResponseError."""
    digits = text.strip(" \t\r\n")
    if digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) < 0x10000:
        assert int(text) == state_code.decode(text)
    else:
        with pytest.raises(ResponseError) as caught:
            state_code.decode(text)
        assert len(str(caught.value)) < 300


def test_long_text():
    """Of a long text that is no code, the beginning is shown."""
    with pytest.raises(ResponseError) as caught:
        state_code.decode("x" * 1000)

    assert f"the state code '{'x' * 40}' is not a 16-bit integer" == caught.value.args[0]

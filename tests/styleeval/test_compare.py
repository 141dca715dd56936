from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from styleeval.inference import State, Summary, compare, ratio_difference
from styleeval.inference.errors import InvalidSummary, OutOfRange

DOCS = Path(__file__).resolve().parents[2] / "docs"


def arm(visitors: int, clicked: int, *, impressions: int = 4) -> Summary:
    """Visitors with equally many impressions; the first `clicked` click once."""
    clicks = np.arange(visitors) < clicked
    return Summary.of(clicks.astype(float), np.full(visitors, impressions))


def test_shows_a_higher_and_a_lower_treatment() -> None:
    few, many = arm(2000, 200), arm(2000, 300)
    up, down = compare(few, many), compare(many, few)
    assert (up.state, down.state) == (State.HIGHER, State.LOWER)
    assert up.comparison == ratio_difference(few, many)
    assert up.reasons == down.reasons == ()


def test_shows_no_difference_between_equals() -> None:
    result = compare(arm(2000, 200), arm(2000, 200))
    assert result.state is State.NO_DIFFERENCE_SHOWN
    assert result.comparison is not None
    assert result.comparison.p_value == 1.0


def test_the_p_value_of_the_difference_decides() -> None:
    arms = arm(2000, 200), arm(2000, 230)
    p_value = ratio_difference(*arms).p_value
    assert compare(*arms, alpha=p_value * 1.001).state is State.HIGHER
    assert compare(*arms, alpha=p_value).state is State.NO_DIFFERENCE_SHOWN
    result = compare(*arms, alpha=p_value / 2)
    assert result.state is State.NO_DIFFERENCE_SHOWN
    assert result.comparison is not None
    assert result.comparison.difference.alpha == p_value / 2


def test_states_are_stable_words() -> None:
    assert [str(state) for state in State] == [
        "not_enough_data",
        "no_difference_shown",
        "higher",
        "lower",
    ]


@pytest.mark.parametrize(
    ("control", "treatment", "reasons"),
    [
        (arm(99, 40), arm(100, 40), ("control has 99 of 100 visitors",)),
        (arm(100, 40), arm(99, 40), ("treatment has 99 of 100 visitors",)),
        (arm(100, 24), arm(100, 40), ("control has 24 of 25 clicks",)),
        (arm(100, 40), arm(100, 24), ("treatment has 24 of 25 clicks",)),
        (
            Summary.of([], []),
            arm(5000, 5),
            (
                "control has 0 of 100 visitors",
                "control has 0 of 25 clicks",
                "treatment has 5 of 25 clicks",
            ),
        ),
    ],
)
def test_gives_no_effect_before_there_is_enough(
    control: Summary, treatment: Summary, reasons: tuple[str, ...]
) -> None:
    result = compare(control, treatment)
    assert result.state is State.NOT_ENOUGH_DATA
    assert result.comparison is None
    assert result.reasons == reasons


def test_the_minima_are_enough_and_can_be_moved() -> None:
    assert compare(arm(100, 25), arm(100, 40)).comparison is not None
    moved = compare(arm(40, 9), arm(40, 20), min_visitors=40, min_converted=9)
    assert moved.state is State.HIGHER
    assert compare(arm(200, 50), arm(200, 50), min_visitors=201).comparison is None


def test_counts_clicked_visitors_where_they_are_known() -> None:
    eager = Summary.of([60] + [0] * 199, [100] + [4] * 199)
    assert compare(arm(200, 50), eager).comparison is not None
    result = compare(arm(200, 50), eager, clicked_visitors=(50, 1))
    assert result.state is State.NOT_ENOUGH_DATA
    assert result.reasons == ("treatment has 1 of 25 clicked visitors",)
    assert compare(arm(200, 50), arm(200, 50), clicked_visitors=(25, 25)).comparison is not None


@pytest.mark.parametrize("clicked", [(201, 50), (50, -1)])
def test_clicked_visitors_are_among_the_visitors(clicked: tuple[int, int]) -> None:
    with pytest.raises(InvalidSummary, match="clicked visitors among 200"):
        compare(arm(200, 50), arm(200, 50), clicked_visitors=clicked)


@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        (arm(200, 50), arm(200, 50, impressions=0)),
        (arm(200, 200), arm(200, 200)),
    ],
)
def test_data_without_variance_are_not_enough(control: Summary, treatment: Summary) -> None:
    result = compare(control, treatment)
    assert (result.state, result.comparison) == (State.NOT_ENOUGH_DATA, None)
    assert len(result.reasons) == 1


def test_refuses_a_bad_alpha_before_there_are_data() -> None:
    with pytest.raises(OutOfRange):
        compare(Summary.of([], []), Summary.of([], []), alpha=5)


def test_the_examples_in_the_docs_run(capsys: pytest.CaptureFixture[str]) -> None:
    text = (DOCS / "inference.md").read_text(encoding="utf-8")
    codes, printed = (
        [block.split("```")[0] for block in text.split(f"```{kind}\n")[1:]]
        for kind in ("python", "text")
    )
    exec(compile("".join(codes), "inference.md", "exec"), {})
    found, shown = capsys.readouterr().out.splitlines(), "".join(printed).splitlines()
    # Another NumPy may draw other visitors; the verdicts on the page must stand all the same.
    assert found[0] == shown[0] == "False higher"
    assert found[3:5] == shown[3:5]
    assert len(found) == len(shown) == 9

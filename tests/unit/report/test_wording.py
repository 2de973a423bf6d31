import pytest

from lt4rec_core.report import wording


@pytest.mark.parametrize(
    ("word", "value", "expected"),
    [
        (wording.count, 12345, "12,345"),
        (wording.count, 3600.54, "3,600.5"),
        (wording.metric, 0.738123, "0.73812"),
        (wording.metric, 123456.0, "1.2346e+05"),
        (wording.signed, 0.00302, "+0.00302"),
        (wording.signed, -0.5, "−0.50000"),
        (wording.share, 0.31234, "31.2 %"),
        (wording.share, 0.00014, "0.014 %"),
        (wording.signed_share, 0.0338, "+3.38 %"),
        (wording.seconds, 4.21, "4.2 s"),
        (wording.seconds, 75.2, "1 min 15 s"),
        (wording.seconds, 7300, "2 h 1 min"),
    ],
)
def test_numbers_are_written_for_reading(word, value, expected):
    assert word(value) == expected


@pytest.mark.parametrize("word", wording.FILTERS.values(), ids=wording.FILTERS)
def test_what_is_not_known_is_a_dash(word):
    assert word(None) == wording.MISSING

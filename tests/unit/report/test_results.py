import pytest

from lt4rec_core.report import ReportInput, results


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        ({"value": 0.1, "low": 0.05, "high": 0.2}, "good"),
        ({"value": -0.1, "low": -0.2, "high": -0.05}, "bad"),
        ({"value": 0.1, "low": -0.05, "high": 0.2}, "unsure"),
        ({"value": 0.1}, "unsure"),
        (None, "unsure"),
    ],
)
def test_a_gain_is_clear_where_its_interval_excludes_nought(gain, expected):
    assert results.tone(gain) == expected


def test_the_deciding_metric_stands_first(whole):
    first = {table["task"]: table["columns"][0] for table in results.metric_tables(whole)}
    assert first == {"ctr": ("auc", "↑"), "cvr": ("mse", "↓")}


def test_the_best_of_a_column_is_marked_whichever_way_it_runs(whole):
    for table in results.metric_tables(whole):
        for place, (_, arrow) in enumerate(table["columns"]):
            column = [row["cells"][place] for row in table["rows"]]
            values = [value for value, _ in column]
            marked = [value for value, best in column if best]
            assert set(marked) == {max(values) if arrow == "↑" else min(values)}


def test_no_gain_lies_in_the_middle_of_the_track(whole):
    rows = results.slice_tables(whole)[0]["rows"]
    for row in rows:
        assert (row["bar"]["dot"] > 50) == (row["gain"]["value"] > 0)
        assert 0 <= row["bar"]["left"] <= row["bar"]["left"] + row["bar"]["width"] <= 100


def test_nothing_evaluated_gives_no_tables():
    nothing = ReportInput(title="empty")
    assert results.metric_tables(nothing) == results.slice_tables(nothing) == []
    assert results.cards(nothing) == results.calibrations(nothing) == []


def test_a_gain_of_too_few_events_is_never_clear():
    gain = {"value": 0.1, "low": 0.05, "high": 0.2}
    assert results.tone(gain, 99) == "unsure"
    assert results.tone(gain, 100) == "good"


def test_tasks_of_too_few_events_are_named_with_the_rule_of_thumb():
    said = results.too_few({"ctr": 5000, "cvr": None, "follow": 20})
    assert "follow (20)" in said
    assert "ctr" not in said
    assert "fewer than 100" in said
    assert results.too_few({"ctr": 5000, "cvr": None}) == ""

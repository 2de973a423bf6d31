from __future__ import annotations

from itertools import pairwise

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.data.sources import SOURCES, Columns, staging
from lt4rec_core.errors import InputError

DAY = "2026-01-02"
NOON = "2026-01-02 12:00:00"


def test_clicks_and_summed_plays_label_the_impressions(log, build, column_of):
    log.fill(
        [build.impression(name, NOON) for name in ("seen", "clicked", "watched", "whole")],
        [build.happened(name, "2026-01-02 12:01:00") for name in ("clicked", "watched", "whole")],
        [
            build.played("watched", "2026-01-02 12:02:00", 2_000),
            build.played("watched", "2026-01-02 12:03:00", 3_000),
            build.played("whole", "2026-01-02 12:03:00", 30_000),
        ],
    )
    [(frame, read, dropped)] = log.read(DAY)
    assert column_of(frame, "label.click") == {"seen": 0, "clicked": 1, "watched": 1, "whole": 1}
    ratios = {"seen": None, "clicked": 0.0, "watched": 0.5, "whole": 1.0}
    assert column_of(frame, "label.watch_ratio") == ratios
    assert read == {"impressions": 4, "clicks": 3, "plays": 3}
    assert dropped == {}


def test_columns_come_out_in_their_unified_form(log, build):
    log.fill([build.impression("a", NOON, tags=" x,,y ", price="1.5")])
    columns = Columns(single=("tab",), multi={"tags": ","}, numeric=("price",))
    [(frame, _, _)] = log.read(DAY, columns=columns)
    assert frame.row(0, named=True) == {
        "row_id": "a",
        "user": "u1",
        "item": "v-a",
        "time": build.at(NOON),
        "length": 10.0,
        "label.click": 0.0,
        "label.watch_ratio": None,
        "tab": "1",
        "tags": ["x", "y"],
        "price": 1.5,
    }


def test_the_earliest_of_repeated_impressions_stays(log, build, column_of):
    later, first = "2026-01-02 12:00:05", "2026-01-02 12:00:01"
    log.fill([build.impression("a", later, tab="2"), build.impression("a", first, tab="1")])
    [(frame, read, dropped)] = log.read(DAY)
    assert column_of(frame, "tab") == {"a": "1"}
    assert (read["impressions"], dropped) == (2, {"impressions.duplicate": 1})


def test_an_impression_repeated_over_midnight_is_one(log, build):
    log.fill(
        [
            build.impression("a", "2026-01-01 23:59:59"),
            build.impression("a", "2026-01-02 00:00:01"),
            build.impression("b", NOON),
        ]
    )
    [(first, _, _), (second, _, dropped)] = log.read("2026-01-01", DAY)
    assert (first["row_id"].to_list(), second["row_id"].to_list()) == (["a"], ["b"])
    assert dropped == {"impressions.duplicate": 1}


def test_a_day_reads_the_same_whichever_others_are_read(log, build):
    log.fill(
        [build.impression("a", "2026-01-01 23:59:59"), build.impression("b", NOON)],
        [build.happened("a", "2026-01-02 00:01:00"), build.happened("x", NOON)],
        [build.played("a", "2026-01-02 00:01:30", 5_000)],
    )
    together = log.read("2026-01-01", DAY)
    for index, day in enumerate(("2026-01-01", DAY)):
        [(frame, read, dropped)] = log.read(day)
        assert frame.equals(together[index][0])
        assert (read, dropped) == together[index][1:]


def test_a_click_after_midnight_belongs_to_the_day_before(log, build, column_of):
    log.fill(
        [build.impression("a", "2026-01-01 23:59:00")],
        [build.happened("a", "2026-01-02 00:10:00")],
        [build.played("a", "2026-01-02 00:10:00", 5_000)],
    )
    [(frame, read, dropped)] = log.read("2026-01-01")
    assert column_of(frame, "label.watch_ratio") == {"a": 0.5}
    assert (read["clicks"], dropped) == (0, {})


def test_what_belongs_to_no_impression_is_counted_by_reason(log, build, column_of):
    log.fill(
        [build.impression("a", NOON), build.impression("b", NOON)],
        [
            build.happened("a", "2026-01-02 12:30:00"),
            build.happened("a", "2026-01-02 12:30:00"),  # exactly the same
            build.happened("b", "2026-01-02 13:00:01"),  # late
            build.happened("b", "2026-01-02 11:59:59"),  # early
            build.happened("nobody", NOON),
        ],
        [
            build.played("a", "2026-01-02 12:31:00", 1_000),
            build.played("a", "2026-01-02 12:31:00", 1_000),
            build.played("a", "2026-01-02 16:00:01", 1_000),
            build.played("a", "2026-01-02 11:00:00", 1_000),
            build.played("b", "2026-01-02 12:31:00", 1_000),
            build.played("nobody", "2026-01-02 12:31:00", 1_000),
        ],
    )
    [(frame, read, dropped)] = log.read(DAY)
    assert column_of(frame, "label.click") == {"a": 1.0, "b": 0.0}
    assert frame["label.watch_ratio"].to_list() == [pytest.approx(0.1), None]
    assert read == {"impressions": 2, "clicks": 5, "plays": 6}
    assert dropped == {
        **{f"clicks.{reason}": 1 for reason in ("duplicate", "late", "early", "orphan")},
        **{f"plays.{reason}": 1 for reason in ("duplicate", "late", "early")},
        "plays.orphan": 2,
    }


@pytest.mark.parametrize("rows", [1, 7, 50])
def test_a_day_reads_the_same_however_little_a_pass_holds(log, build, monkeypatch, rows):
    names = [f"i{number}" for number in range(60)]
    log.fill(
        [build.impression(name, "2026-01-01 23:59:00") for name in names[:9]]
        + [build.impression(name, NOON) for name in [*names, *names[20:30]]],
        [build.happened(name, "2026-01-02 12:00:01") for name in [*names[::2], *names[:8:2], "x"]],
        [build.played(name, "2026-01-02 12:00:02", 3_000) for name in names[::3]],
    )
    whole = log.read(DAY)
    monkeypatch.setattr(staging, "_PASS_ROWS", rows)
    [(frame, read, dropped)] = log.read(DAY)
    assert frame.equals(whole[0][0])
    assert (read, dropped) == whole[0][1:]
    assert dropped["impressions.duplicate"] == 19
    assert dropped["clicks.late"] == 5


def test_the_window_ends_are_inside(log, build, column_of):
    log.fill(
        [build.impression("a", NOON), build.impression("b", NOON)],
        [build.happened("a", NOON), build.happened("b", "2026-01-02 13:00:00")],
    )
    [(frame, _, dropped)] = log.read(DAY)
    assert column_of(frame, "label.click") == {"a": 1.0, "b": 1.0}
    assert dropped == {}


@pytest.mark.parametrize("duration", [None, 0, -5, float("nan"), float("inf")])
def test_an_impression_without_a_usable_duration_is_dropped(log, build, duration):
    rows = [build.impression("a", NOON), build.impression("b", NOON, duration_ms=duration)]
    log.fill([{**row, "duration_ms": row["duration_ms"]} for row in rows])
    [(frame, read, dropped)] = log.read(DAY)
    assert frame["row_id"].to_list() == ["a"]
    assert (read["impressions"], dropped) == (2, {"impressions.no_duration": 1})


@pytest.mark.parametrize("value", [-1, None, float("nan")])
def test_a_play_of_no_possible_length_is_unparsable(log, build, value):
    log.fill([build.impression("a", NOON)], [], [build.played("a", NOON, value)])
    [(_, _, dropped)] = log.read(DAY)
    assert dropped == {"plays.unparsable": 1}


def test_rows_join_by_user_item_and_request(log, build):
    same = {"item_id": "v", "request_id": "r"}
    log.fill(
        [build.impression(name, NOON, **same, user_id=name) for name in ("a", "b")],
        [build.happened("?", NOON, **same, user_id="b")],
        [build.played("?", NOON, 5_000, **same, user_id="b")],
    )
    [(frame, _, dropped)] = log.read(DAY, join="user_item_request")
    assert frame["row_id"].to_list() == ["a|v|r", "b|v|r"]
    assert frame["label.watch_ratio"].to_list() == [None, 0.5]
    assert dropped == {}


def test_joined_keys_never_meet(log, build):
    log.fill(
        [
            build.impression("1", NOON, user_id="a|b", item_id="c"),
            build.impression("2", NOON, user_id="a", item_id="b|c"),
        ]
    )
    [(frame, _, dropped)] = log.read(DAY, join="user_item_request")
    assert (frame["row_id"].n_unique(), dropped) == (2, {})


def test_outcomes_of_an_impression_become_labels(log, build, column_of):
    log.fill([build.impression(str(n), NOON, like=n) for n in (0, 1, 2)])
    [(frame, _, _)] = log.read(DAY, outcomes=("like",))
    assert column_of(frame, "label.like") == {"0": 0.0, "1": 1.0, "2": None}
    settings = Ingest(events={"outcomes": ("like",)})
    assert SOURCES["events"].outcomes(settings) == {"play_time_ms", "like"}
    assert SOURCES["events"].labels(settings) == ("click", "watch_ratio", "like")


def test_rows_without_keys_or_time_are_counted_and_apart_where_their_day_is_unknown(log, build):
    log.fill(
        [
            build.impression("a", "2026-01-01 12:00:00"),
            build.impression("b", NOON),
            build.impression("c", NOON, user_id=" "),
            build.impression("d", NOON, timestamp=None),
            build.impression("e", NOON, timestamp=5),
        ]
    )
    [(_, first, dropped), (_, second, more)] = log.read("2026-01-01", DAY)
    undated = {"impressions.undated": 2}
    assert (first["impressions"], dropped) == (1, undated)
    assert (second["impressions"], more) == (2, {"impressions.unparsable": 1} | undated)


def test_a_day_is_the_same_whichever_days_are_read_with_it(log, build):
    days = [f"2026-01-0{day}" for day in range(1, 6)]
    moments = [f"{day} {clock}" for day in days for clock in ("00:10:00", "12:00:00", "23:50:00")]
    again = [build.impression("again", moment) for moment in moments[1::3]]
    log.fill(
        [*(build.impression(moment, moment) for moment in moments), *again],
        [
            *(build.happened(moment, later) for moment, later in pairwise(moments)),
            *(build.happened("again", moment) for moment in moments[1::3]),
        ],
        [
            *(build.played(moment, later, 500) for moment, later in pairwise(moments)),
            *(build.played("again", moment, 700) for moment in moments[::3]),
        ],
    )
    together = log.read(*days)
    assert {"clicks.orphan", "clicks.late", "plays.orphan"} <= set(together[3][2])
    for day, (frame, read, dropped) in zip(days, together, strict=True):
        [(alone, read_alone, dropped_alone)] = log.read(day)
        assert alone.equals(frame)
        assert (read_alone, dropped_alone) == (read, dropped)


def test_a_missing_day_is_named_with_the_days_present(log, build):
    log.fill([build.impression("a", NOON)])
    with pytest.raises(InputError, match="no impressions of 2026-01-03; days present: 2026-01-02"):
        log.read(DAY, "2026-01-03")


def test_a_day_of_which_nothing_can_be_used_is_refused(log, build):
    log.fill([build.impression("a", NOON, duration_ms=0)])
    with pytest.raises(InputError, match=r"no impression of 2026-01-02 can be used.*no_duration"):
        log.read(DAY)


@pytest.mark.parametrize("name", ["part.csv", "date=2026-01-02/part.csv"])
def test_times_that_are_none_are_not_called_a_missing_day(log, build, name):
    log.fill([build.impression("a", NOON, timestamp="2026-01-02T12:00:00Z")] * 3, name=name)
    told = (
        r"no impression of 2026-01-02 can be used: none of the 3 rows .*'timestamp'.* of ms since"
    )
    with pytest.raises(InputError, match=told):
        log.read(DAY)


def test_a_log_without_any_time_has_no_days_to_offer(log, build):
    log.fill([build.impression("a", NOON, timestamp="noon")])
    with pytest.raises(InputError, match=r"has a time: expected times .* in 'timestamp'"):
        log.days()


def test_a_missing_stream_is_named(log, build):
    log.write("impressions", [build.impression("a", NOON)])
    with pytest.raises(InputError, match="no file of the stream 'clicks'"):
        log.read(DAY)


def test_a_renamed_column_is_named_with_its_file_and_the_nearest(log, build):
    log.fill([build.impression("a", NOON)])
    log.write("impressions", [_renamed(build.impression("b", NOON))], "other.parquet")
    with pytest.raises(InputError, match=r"other.parquet has no column 'tab'; is it 'tabs' there"):
        log.read(DAY)


def _renamed(row):
    return {("tabs" if name == "tab" else name): value for name, value in row.items()}


def test_an_undeclared_column_is_refused_unless_allowed(log, build):
    log.fill([build.impression("a", NOON, surprise=1)])
    with pytest.raises(InputError, match="nothing declares: surprise"):
        log.read(DAY)
    [(frame, _, _)] = log.read(DAY, allow_extra_columns=True)
    assert "surprise" not in frame.columns


def test_a_changed_file_changes_the_fingerprint(log, build):
    log.fill([build.impression("a", NOON)])
    source, settings = SOURCES["events"], Ingest()
    before = source.fingerprint(str(log.root), settings)
    assert source.fingerprint(str(log.root), settings) == before
    log.write("clicks", [build.happened("a", NOON)])
    assert source.fingerprint(str(log.root), settings) != before

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.data.sources import SOURCES, Columns
from lt4rec_core.errors import InputError

SOURCE = SOURCES["kuairand"]
COLUMNS = Columns(single=("tab", "hour", "degree", "author_id"), multi={"tag": ","})
LOG = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,"
    "is_hate,long_view,play_time_ms,duration_ms,profile_stay_time,comment_stay_time,"
    "is_profile_enter,is_rand,tab\n"
)


def row(
    user=1,
    video=2,
    date=20220501,
    hourmin=1530,
    time=1651400000000,
    click=1,
    play=5000,
    duration=10000,
):
    return (
        f"{user},{video},{date},{hourmin},{time},{click},0,0,0,0,0,0,{play},{duration},0,0,0,0,1\n"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "user_features_pure.csv").write_text("user_id,degree\n1,full\n")
    (tmp_path / "video_features_basic_pure.csv").write_text(
        'video_id,author_id,tag\n2,77,"26,62"\n'
    )
    return tmp_path


def write(folder: Path, *rows: str, name: str = "log_standard_1_pure.csv") -> None:
    (folder / name).write_text(LOG + "".join(rows))


def read(folder: Path, *days: str, **ingest):
    found = SOURCE.read(str(folder), Ingest(**ingest), COLUMNS, days)
    return [(day.frame.collect(), day.read, day.dropped) for day in found]


def test_a_row_is_joined_with_its_user_and_video(folder):
    write(folder, row(), row(user=8, video=9, click=0))
    [(frame, read_rows, dropped)] = read(folder, "2022-05-01")
    wanted = ("user", "item", "length", "label.click", "label.watch_ratio")
    assert frame.select(*wanted, *COLUMNS.names).rows() == [
        ("1", "2", 10.0, 1.0, 0.5, "1", "15", "full", "77", ["26", "62"]),
        ("8", "9", 10.0, 0.0, None, "1", "15", None, None, None),
    ]
    assert read_rows == {"impressions": 2, "clicks": 1, "plays": 2}
    assert dropped == {}


def test_repeats_and_rows_without_duration_are_counted(folder):
    write(folder, row(play=1000), row(play=9000), row(user=3, duration=0), row(user=4))
    [(frame, _, dropped)] = read(folder, "2022-05-01")
    assert frame["label.watch_ratio"].to_list() == [pytest.approx(0.1), 0.5]
    assert dropped == {"impressions.duplicate": 1, "impressions.no_duration": 1}


def test_the_date_is_trusted_before_the_time(folder):
    write(folder, row(date=20220501), row(user=2, date=20220502))
    assert SOURCE.days(str(folder), Ingest()) == ("2022-05-01", "2022-05-02")
    assert [frame.height for frame, _, _ in read(folder, "2022-05-01", "2022-05-02")] == [1, 1]


@pytest.mark.parametrize("days", [("2022-05-01", "2022-05-02"), ("2022-05-02",)])
def test_what_the_day_before_had_is_a_repeat(folder, days):
    write(folder, row(date=20220501), row(date=20220502), row(user=2, date=20220502))
    frame, _, dropped = read(folder, *days)[-1]
    assert (frame["user"].to_list(), dropped) == (["2"], {"impressions.duplicate": 1})


def test_several_logs_are_one_and_the_random_log_is_left_out(folder):
    write(folder, row())
    write(folder, row(user=5), name="log_standard_2_pure.csv")
    write(folder, row(user=6), name="log_random_1_pure.csv")
    assert read(folder, "2022-05-01")[0][0]["user"].to_list() == ["1", "5"]


def test_rows_that_are_no_numbers_are_counted_and_apart_where_their_day_is_unknown(folder):
    write(folder, row(), row(time="soon"), row(date="never"))
    [day] = SOURCE.read(str(folder), Ingest(), COLUMNS, ("2022-05-01",))
    assert (day.read["impressions"], day.dropped) == (2, {"impressions.unparsable": 1})
    assert day.undated == {"impressions": 1}


def test_a_missing_day_is_named(folder):
    write(folder, row())
    with pytest.raises(InputError, match="no impressions of 2022-05-09; days present: 2022-05-01"):
        read(folder, "2022-05-09")


def test_a_missing_file_is_named(folder):
    with pytest.raises(InputError, match=r"no file like 'log_standard_\*_pure.csv'"):
        read(folder, "2022-05-01")


def test_a_missing_column_is_named(folder):
    write(folder, row())
    (folder / "user_features_pure.csv").write_text("user_id,degrees\n1,full\n")
    with pytest.raises(InputError, match="no column 'degree'; is it 'degrees' there"):
        read(folder, "2022-05-01")


def test_what_the_user_did_is_an_outcome():
    assert {"is_click", "long_view", "play_time_ms", "profile_stay_time"} <= SOURCE.outcomes(
        Ingest()
    )
    assert SOURCE.labels(Ingest())[:3] == ("click", "watch_ratio", "like")


@pytest.mark.skipif("LT4REC_REAL_DATA" not in os.environ, reason="LT4REC_REAL_DATA isn't set")
def test_the_real_log_is_read_whole():
    place = Path(os.environ["LT4REC_REAL_DATA"]) / "kuairand_pure"
    days = SOURCE.days(str(place), Ingest())
    columns = Columns(single=("tab", "user_active_degree"), multi={"tag": ","})
    rows = kept = dropped = 0
    for day in SOURCE.read(str(place), Ingest(), columns, days):
        rows += day.read["impressions"]
        dropped += sum(day.dropped.values())
        kept += day.frame.collect().height
    assert (len(days), rows, kept + dropped) == (10, 171_671, 171_671)

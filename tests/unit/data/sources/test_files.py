from __future__ import annotations

import gzip

import polars as pl
import pytest

from lt4rec_core.config import S3
from lt4rec_core.data.objects import open_location
from lt4rec_core.data.sources import Columns
from lt4rec_core.data.sources.files import locate, scan
from lt4rec_core.errors import InputError

DAY = "2026-01-02"
NOON = "2026-01-02 12:00:00"
NAMES = [
    "part.parquet",
    *(
        f"part.{kind}{zipped}"
        for kind in ("csv", "jsonl", "ndjson")
        for zipped in ("", ".gz", ".zst")
    ),
]
TELL_THEIR_END = (".parquet", ".gz", ".zst")  # plain text doesn't


@pytest.mark.parametrize("name", NAMES)
def test_every_format_reads_alike(log, build, name):
    log.fill(
        [build.impression("a", NOON), build.impression("b", NOON, item_id=17, tags="")],
        [build.happened("a", NOON)],
        [build.played("a", NOON, 2500.0)],
        name=name,
    )
    [(frame, _, dropped)] = log.read(DAY)
    assert frame.sort("row_id").select("item", "tab", "tags", "label.watch_ratio").rows() == [
        ("v-a", "1", ["a", "b"], 0.25),
        ("17", "1", None, None),
    ]
    assert dropped == {}


@pytest.mark.parametrize("name", ["part.parquet", "part.jsonl.gz"])
def test_lists_are_taken_as_they_are(log, build, name):
    log.fill([build.impression("a", NOON, tags=["x,y", " z ", "", None])], name=name)
    [(frame, _, _)] = log.read(DAY)
    assert frame["tags"].to_list() == [["x,y", "z"]]


def test_lists_of_one_length_are_lists(log, build):
    log.fill([build.impression("a", NOON, tags=["x", " y"])])
    path = log.root / "impressions" / "part.parquet"
    fixed = pl.col("tags").cast(pl.Array(pl.String, 2))
    pl.read_parquet(path).with_columns(fixed).write_parquet(path)
    [(frame, _, _)] = log.read(DAY)
    assert frame["tags"].to_list() == [["x", "y"]]


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(TELL_THEIR_END)])
@pytest.mark.parametrize("left", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_named(log, build, name, left):
    log.fill([build.impression("a", NOON)])
    whole = log.write("impressions", [build.impression(str(n), NOON) for n in range(500)], name)
    data = whole.read_bytes()
    cut = log.root / "impressions" / f"cut-{name}"
    cut.write_bytes(data[: int(len(data) * left)])
    with pytest.raises(InputError, match=f"cut-{name} (can't be read|is empty)"):
        log.read(DAY)


@pytest.mark.parametrize("name", ["part.csv.gz", "part.jsonl.gz"])
def test_a_damaged_gzip_file_is_named(log, build, name):
    path = log.write("impressions", [build.impression(str(n), NOON) for n in range(50)], name)
    log.write("clicks", [build.happened("a", NOON)])
    log.write("plays", [build.played("a", NOON, 1)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"{name} can't be read"):
        log.read(DAY)


def test_a_gzip_file_of_several_members_is_read_whole(log, build):
    path = log.write("impressions", [build.impression(str(n), NOON) for n in range(9)], "p.csv")
    log.write("clicks", [build.happened("0", NOON)])
    log.write("plays", [build.played("0", NOON, 1)])
    data = path.read_bytes()
    path.unlink()
    path.with_name("p.csv.gz").write_bytes(gzip.compress(data[:400]) + gzip.compress(data[400:]))
    assert log.read(DAY)[0][0].height == 9


@pytest.mark.parametrize(
    "line",
    ['{"impression_id": "b", "user_id"', "no JSON at all", "[1, 2]", "3", "null", '"text"', "{}"],
)
def test_a_line_that_is_no_record_is_counted(log, build, line):
    path = log.write("impressions", [build.impression(n, NOON) for n in "ace"], "part.jsonl")
    log.write("clicks", [build.happened("a", NOON)])
    log.write("plays", [build.played("a", NOON, 1)])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "", line, *lines[1:]]) + "\n\n")
    [(frame, read, dropped)] = log.read(DAY)
    assert frame["row_id"].to_list() == ["a", "c", "e"]
    assert (read["impressions"], dropped) == (3, {"impressions.undated": 1})


def test_a_csv_row_of_too_many_fields_is_counted(log, build):
    path = log.write("impressions", [build.impression(n, NOON) for n in "ab"], "part.csv")
    log.write("clicks", [build.happened("a", NOON)])
    log.write("plays", [build.played("a", NOON, 1)])
    row = path.read_text().splitlines()[1]
    path.write_text(path.read_text() + f"{row},surplus\n{row},two,more\nshort,u1\n\n")
    [(frame, read, dropped)] = log.read(DAY)
    assert frame["row_id"].to_list() == ["a", "b"]
    assert (read["impressions"], dropped) == (2, {"impressions.undated": 3})


def test_bytes_that_are_no_text_are_replaced(log, build):
    path = log.write("impressions", [build.impression("a", NOON, tab="TAB")], "part.csv")
    log.write("clicks", [build.happened("a", NOON)])
    log.write("plays", [build.played("a", NOON, 1)])
    path.write_bytes(path.read_bytes().replace(b"TAB", b"\xff"))
    assert log.read(DAY)[0][0]["tab"].to_list() == ["\ufffd"]


def test_binary_columns_are_texts(log, build):
    log.fill([build.impression("a", NOON, tab=b"x", user_id=b"u\xff")])
    [(frame, _, _)] = log.read(DAY)
    assert frame.select("user", "tab").row(0) == ("u\ufffd", "x")


def test_files_may_differ_in_types_and_in_the_order_of_columns(log, build):
    log.fill([build.impression("a", NOON, user_id=7, tags=["x", "y"])])
    turned = dict(reversed(build.impression("b", NOON, user_id="7").items()))
    log.write("impressions", [turned], "z.csv")
    [(frame, _, dropped)] = log.read(DAY)
    assert frame["user"].to_list() == ["7", "7"]
    assert frame["tags"].to_list() == [["x", "y"], ["a", "b"]]
    assert dropped == {}


def test_times_may_be_timestamps_or_of_another_unit(log, build):
    import polars as pl

    log.fill([build.impression("a", NOON)])
    part = log.root / "impressions" / "part.parquet"
    frame = pl.read_parquet(part)
    expected = [build.at(NOON)]
    frame.with_columns(pl.from_epoch("timestamp", "ms")).write_parquet(part)
    assert log.read(DAY)[0][0]["time"].to_list() == expected
    for unit, scale in (("s", 1 / 1000), ("us", 1000)):
        frame.with_columns(pl.col("timestamp") * scale).write_parquet(part)
        for stream in ("clicks", "plays"):
            other = log.root / stream / "part.parquet"
            pl.read_parquet(other).with_columns(timestamp=pl.lit(0)).write_parquet(other)
        assert log.read(DAY, time_unit=unit)[0][0]["time"].to_list() == expected


def test_a_column_that_json_leaves_out_where_empty_is_null(log, build):
    rows = [build.impression("a", NOON, tab=None), build.impression("b", NOON, tab="3")]
    log.fill(rows, name="part.jsonl")
    path = log.root / "impressions" / "part.jsonl"
    path.write_text(path.read_text().replace('"tab":null,', ""))
    assert log.read(DAY)[0][0]["tab"].to_list() == [None, "3"]


def test_a_file_of_unknown_kind_is_refused_and_hidden_ones_are_not_seen(log, build):
    log.fill([build.impression("a", NOON)])
    (log.root / "impressions" / "_SUCCESS").touch()
    (log.root / "impressions" / ".part.parquet.crc").write_bytes(b"x")
    assert log.read(DAY)[0][0].height == 1
    (log.root / "impressions" / "part-2.parquet.tmp").write_bytes(b"x")
    with pytest.raises(InputError, match=r"part-2.parquet.tmp isn't a log file"):
        log.read(DAY)


def test_a_repeated_csv_column_is_refused(log, build):
    log.fill([build.impression("a", NOON, more="1")], name="part.csv")
    path = log.root / "impressions" / "part.csv"
    path.write_text(path.read_text().replace("more", "tab"))
    with pytest.raises(InputError, match="has the column 'tab' more than once"):
        log.read(DAY)


def test_a_line_nested_without_end_is_an_unparsable_row(tmp_path):
    deep = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}\n"
    (tmp_path / "p.jsonl").write_text('{"a": "1"}\n' + deep)
    place = open_location(str(tmp_path), S3())
    rows = scan(locate(place, place.entries(), tmp_path), ["a"]).collect()
    assert rows["a"].to_list() == ["1", None]


@pytest.mark.parametrize("name", ["p[1].csv", "p*.csv", "p?.csv"])
def test_a_name_is_no_pattern(tmp_path, name):
    (tmp_path / name).write_text("a\n1\n")
    (tmp_path / "p1.csv").write_text("a\n2\n")
    place = open_location(str(tmp_path), S3())
    [entry] = [entry for entry in place.entries() if entry.name == name]
    assert scan(locate(place, [entry], tmp_path), ["a"]).collect()["a"].to_list() == ["1"]


@pytest.mark.parametrize("name", ["z.parquet", "z.jsonl"])
def test_an_id_is_the_same_one_in_a_column_of_floats(log, build, name):
    # pandas makes floats of a column of whole numbers where one of them is missing.
    log.write("impressions", [build.impression("x", NOON, impression_id=7, tab=3)])
    log.write("impressions", [build.impression("y", NOON, tab=tab) for tab in (3.0, None)], name)
    log.write("clicks", [build.happened("x", NOON, impression_id=float(key)) for key in (7, 8)])
    log.write("plays", [build.played("x", NOON, 1, impression_id=7.0)])
    [(frame, _, _)] = log.read(DAY)
    assert frame.select("tab", "label.click").rows() == [("3", 1.0), ("3", 0.0)]


def test_a_float_that_is_no_number_is_missing(log, build):
    tabs = (0.5, float("nan"), -0.0)
    log.fill([build.impression(str(tab), NOON, tab=tab) for tab in tabs])
    [(frame, _, _)] = log.read(DAY)
    assert frame["tab"].to_list() == ["0.5", None, "0"]


def test_timestamps_of_several_units_and_zones_are_one_column(log, build):
    times = {"ms": None, "us": "UTC", "ns": "Asia/Shanghai"}
    for unit, zone in times.items():
        path = log.write("impressions", [build.impression(unit, NOON)], f"{unit}.parquet")
        moment = pl.from_epoch("timestamp", "ms").cast(pl.Datetime(unit, zone))
        pl.read_parquet(path).with_columns(moment).write_parquet(path)
    log.write("clicks", [build.happened("ms", NOON)])
    log.write("plays", [build.played("ms", NOON, 1)])
    [(frame, _, _)] = log.read(DAY)
    assert frame["time"].to_list() == [build.at(NOON)] * 3


def test_spaces_round_a_number_don_t_matter(log, build):
    padded = {"timestamp": f" {build.at(NOON)} ", "duration_ms": " 10000", "tab": "\t4 "}
    log.fill(
        [build.impression("a", NOON, **padded)],
        [build.happened("a", NOON)],
        [build.played("a", NOON, " 2500 ")],
        name="part.csv",
    )
    columns = Columns(numeric=("tab",))
    [(frame, _, _)] = log.read(DAY, columns=columns, allow_extra_columns=True)
    assert frame.select("length", "tab", "label.watch_ratio").row(0) == (10.0, 4.0, 0.25)


def test_a_truth_is_a_number_of_a_numeric_column(log, build):
    log.fill([build.impression(str(flag), NOON, tab=flag) for flag in (True, False)])
    columns = Columns(numeric=("tab",))
    [(frame, _, _)] = log.read(DAY, columns=columns, allow_extra_columns=True)
    assert frame["tab"].to_list() == [1.0, 0.0]

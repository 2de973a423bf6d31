"""The ranking model encodes raw values exactly as ingestion does."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lt4rec_core.config import FeatureField, Ingest
from lt4rec_core.data import encoding
from lt4rec_core.data.sources.raw import unified
from lt4rec_core.data.sources.source import Columns
from lt4rec_core.ranking.encode import Lookup, encode_multi, encode_numeric, encode_single
from lt4rec_core.ranking.layout import Field, Table

FIELDS = (
    FeatureField(name="who"),
    FeatureField(name="tags", values="multi", separator="|"),
    FeatureField(name="age", kind="numeric", buckets=4),
)
SCHEMA = {"who": pl.String, "tags": pl.String, "age": pl.Float64}

texts = st.text(st.sampled_from("ab| \u00a0\u3000ü\x1f"), max_size=4)
rows = st.tuples(
    st.none() | texts, st.none() | texts, st.none() | st.floats(-5, 5) | st.just(float("inf"))
)
tables = st.lists(rows, min_size=1, max_size=12)


def frame(drawn):
    return pl.DataFrame(drawn, schema=SCHEMA, orient="row")


@settings(max_examples=60)
@given(tables, tables)
def test_raw_values_take_the_indices_that_ingestion_gives_them(train, test):
    columns = Columns.of(FIELDS)

    def clean(drawn):
        # Reading a file splits text of several values; see lt4rec_core.data.sources.files.
        raw = frame(drawn).lazy().with_columns(pl.col("tags").str.split("|"))
        return raw.select(unified(columns, raw.collect_schema()))

    fitted = encoding.fit({"2022-05-01": clean(train)}, FIELDS, Ingest(min_count=1, oov_buckets=3))
    expected = fitted.encode(clean(test)).collect()
    lookups = {name: Lookup(ids["id"].to_list(), 3) for name, ids in fitted.vocabularies.items()}
    raw = frame(test)

    user = encode_single(Field("who", "who", "who"), raw["who"].to_list(), lookups["who"])
    assert user.tolist() == expected["id.who"].to_list()

    tags = Field("tags", "tags", "tags", values="multi", separator="|")
    indices, starts = encode_multi(tags, raw["tags"].to_list(), lookups["tags"])
    ends = [*starts[1:].tolist(), len(indices)]
    found = [indices[a:b].tolist() for a, b in zip(starts.tolist(), ends, strict=True)]
    assert found == expected["id.tags"].to_list()

    boundaries = fitted.features.table("age").boundaries
    table = Table("age", "numeric", len(boundaries) + 2, boundaries=boundaries)
    age = encode_numeric(Field("age", "age", "age", kind="numeric"), raw["age"].to_list(), table)
    assert age.tolist() == expected["id.age"].to_list()

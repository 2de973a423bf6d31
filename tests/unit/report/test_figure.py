import os

import pytest

from lt4rec_core.report.figure import COLOURS, colour, draw


def line(axes):
    axes.plot([0, 1], [0.1, 0.2])
    axes.set_xlabel("a < b & 数据")


def test_the_same_plot_gives_the_same_bytes():
    assert draw(line, name="f", label="") == draw(line, name="f", label="")


def test_text_stays_text_and_is_escaped():
    assert "a &lt; b &amp; 数据" in draw(line, name="f", label="")


def test_ids_carry_the_figures_name():
    assert 'id="first-axes_1"' in draw(line, name="first", label="")


def test_a_label_cannot_break_out():
    assert 'aria-label="&#34;&gt;' in draw(line, name="f", label='">')


def test_the_environment_is_left_as_it_was(monkeypatch):
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    draw(line, name="f", label="")
    assert "MPLCONFIGDIR" not in os.environ


@pytest.mark.parametrize("place", range(8))
def test_there_is_a_colour_for_every_task(place):
    assert colour(place) in COLOURS

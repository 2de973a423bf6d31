import re
from dataclasses import fields, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from lt4rec_core.report import ReportInput, html, render
from lt4rec_core.report.overlap import measure

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Collects ids, references and tags, and insists that every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.tags, self.references = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self._note(tag, dict(attrs))

    def handle_startendtag(self, tag, attrs):
        self._note(tag, dict(attrs))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def _note(self, tag, attrs):
        self.tags.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        for name in ("src", "href", "xlink:href"):
            if name in attrs:
                self.references.append(attrs[name])


@pytest.fixture(scope="session")
def text(whole):
    return html(whole)


@pytest.fixture(scope="session")
def page(text):
    return Page(text)


def test_is_well_formed_with_unique_ids(page):
    assert len(page.ids) == len(set(page.ids))


def test_needs_nothing_but_itself(page, text):
    assert all(reference.startswith("#") for reference in page.references)
    assert {"script", "link", "iframe", "img"}.isdisjoint(page.tags)
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))


def test_every_inner_link_leads_somewhere(page):
    assert {reference[1:] for reference in page.references} <= set(page.ids)


def test_a_title_with_markup_is_shown_as_text():
    text = html(ReportInput(title="<script>alert(1)</script>"))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_markup_in_offending_rows_is_shown_as_text(whole):
    failed = {
        "expectation": "drift",
        "severity": "error",
        "status": "failed",
        "message": "<b>seen</b>",
        "rows": [{"tab": "</pre><script>"}],
    }
    text = html(replace(whole, validation={"results": [failed], "errors": 1}))
    assert "<script" not in text
    assert "&lt;b&gt;seen&lt;/b&gt;" in text


def test_markup_in_task_names_is_shown_as_text(whole):
    name = "<i>$x_1$"
    evaluation = {**whole.evaluation, "tasks": {name: whole.evaluation["tasks"]["ctr"]}}
    masks = {name: whole.masks["ctr"]}
    text = html(replace(whole, evaluation=evaluation, masks=masks))
    assert "<i>" not in text
    Page(text)


def test_the_same_summary_gives_the_same_bytes(whole, text):
    assert html(whole) == text


def test_a_summary_of_nothing_says_that_everything_is_missing():
    text = html(ReportInput(title="empty"))
    assert text.count('class="missing"') >= 11
    Page(text)


@pytest.mark.parametrize("part", [f.name for f in fields(ReportInput) if f.name != "title"])
def test_any_part_may_be_missing(whole, part):
    few_plots = replace(whole, curves=whole.curves[:21])
    missing = {field.name: field for field in fields(ReportInput)}[part]
    nothing = missing.default_factory() if callable(missing.default_factory) else missing.default
    Page(html(replace(few_plots, **{part: nothing})))


def test_the_verdict_stands_first(text):
    assert text.index("Accepted") < text.index("Metrics on the test day")


def test_a_refusal_is_told_with_its_reasons(whole):
    gate = {**whole.gate, "accepted": False, "reasons": ["cvr lost too much"]}
    model = {**whole.model, "alias": "challenger"}
    text = html(replace(whole, gate=gate, model=model))
    assert "Refused" in text
    assert "cvr lost too much" in text
    assert "<b>challenger</b>" in text


def test_three_tasks_get_an_overlap_matrix_instead_of_the_split():
    masks = {task: {"over.0.weight": np.ones((2, 2), bool)} for task in ("ctr", "cvr", "like")}
    text = html(ReportInput(title="three", overlap=measure(masks)))
    assert "only ctr" not in text
    assert text.count('100.0 % <span class="muted">(100.0 %)') == 6
    Page(text)


def test_a_task_without_gain_says_why(whole):
    ctr = {**whole.evaluation["tasks"]["ctr"], "undefined": {"mtl_gain": "nothing to hold against"}}
    del ctr["mtl_gain"]
    evaluation = {**whole.evaluation, "tasks": {"ctr": ctr}}
    assert "nothing to hold against" in html(replace(whole, evaluation=evaluation))


def test_figures_follow_the_page_in_light_and_dark(text):
    figures = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    assert figures
    for figure in figures:
        assert "var(--muted)" in figure
        assert "#ffffff" not in figure
        assert "aria-label" in figure


def test_is_written_whole_under_its_name(whole, tmp_path):
    assert render(whole, tmp_path / "report.html").read_text().endswith("</html>\n")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]

"""Dashboard and alert rules ask for metrics that exist, by labels that they have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from ocsync.metrics.catalogue import METRICS, Metric
from tests.metric_samples import sample_names

CONFIG: Final = Path(__file__).parents[2] / "config"
GIVEN: Final = frozenset({"instance", "job", "le"})
"""Labels that Prometheus itself adds."""
SAMPLES: Final = {name: metric for metric in METRICS for name in sample_names(metric)}
METRIC: Final = re.compile(r"\b(ocsync_[a-z0-9_]+)\b(?:\{([^}]*)\})?")
MATCHER: Final = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
GROUPING: Final = re.compile(r"\b(?:by|on|without)\s*\(([^)]*)\)")
LEGEND: Final = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


def dashboard() -> Any:
    """Grafana's document."""
    return json.loads((CONFIG / "grafana-dashboard.json").read_text())


def rules() -> list[dict[str, Any]]:
    """All alert rules."""
    document = yaml.safe_load((CONFIG / "prometheus-alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str, str]]:
    """Every PromQL expression: its place, itself, and the text that names labels."""
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]
    for rule in rules():
        yield rule["alert"], rule["expr"], rule["annotations"]["summary"]


CASES: Final = [
    pytest.param(expression, told, id=f"{place}-{number}")
    for number, (place, expression, told) in enumerate(expressions())
]


def selectors(expression: str) -> Iterator[tuple[Metric, str]]:
    """The metrics of an expression, with what stands in their braces."""
    for name, inside in METRIC.findall(expression):
        assert name in SAMPLES, f"there is no metric {name}"
        yield SAMPLES[name], inside


def labels_of(expression: str) -> frozenset[str]:
    """The labels that the metrics of an expression have."""
    found = {
        label for metric, _ in selectors(expression) for label in metric.label_names
    }
    return GIVEN | found


@pytest.mark.parametrize(("expression", "told"), CASES)
def test_metrics_and_labels_exist(expression: str, told: str) -> None:
    """In selectors, in what is grouped by, and in what legends and texts name."""
    known = labels_of(expression)
    for metric, inside in selectors(expression):
        for label, _, _ in MATCHER.findall(inside):
            assert label in {*metric.label_names, *GIVEN}
    for group in GROUPING.findall(expression):
        assert {name.strip() for name in group.split(",")} <= known
    grouped = GROUPING.findall(expression)
    kept = {name.strip() for group in grouped for name in group.split(",")} or known
    assert set(LEGEND.findall(told)) <= kept


@pytest.mark.parametrize(("expression", "told"), CASES)
def test_values_of_labels_exist(expression: str, told: str) -> None:
    """A matcher for a value that there is not would never match."""
    for metric, inside in selectors(expression):
        labels = {label.name: label.values for label in metric.labels}
        for name, kind, value in MATCHER.findall(inside):
            if name in GIVEN or name == "route":
                continue
            for each in value.split("|") if "~" in kind else [value]:
                assert each in labels[name]


@pytest.mark.parametrize(("expression", "told"), CASES)
def test_counters_are_asked_for_their_rate(expression: str, told: str) -> None:
    """A counter itself only says how long the server has been running."""
    for match in METRIC.finditer(expression):
        name = match[1]
        is_counting = name.endswith(("_total", "_bucket", "_count", "_sum"))
        before = expression[: match.start()]
        assert is_counting == bool(re.search(r"(rate|increase)\($", before)), name
    assert expression.count("(") == expression.count(")")


def test_every_metric_is_on_the_dashboard() -> None:
    """What is worth counting is worth looking at."""
    shown = " ".join(
        target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]
    )

    assert [
        metric.name
        for metric in METRICS
        if not any(re.search(rf"\b{name}\b", shown) for name in sample_names(metric))
    ] == []


def test_panels_do_not_overlap() -> None:
    """Each has its own place and number."""
    taken: set[tuple[int, int]] = set()
    panels = dashboard()["panels"]
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_alerts_say_what_to_do() -> None:
    """Each has a severity, what is wrong, and where to begin."""
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))


def test_the_page_of_metrics_names_them_all() -> None:
    """With kind, labels and meaning, from the table that the code counts by."""
    page = (CONFIG.parent / "docs" / "metrics.md").read_text()

    for metric in METRICS:
        (line,) = (
            each
            for each in page.splitlines()
            if each.startswith(f"| `{metric.name}` |")
        )
        assert metric.help in line
        assert all(f"`{name}`" in line for name in metric.label_names)

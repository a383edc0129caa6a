"""What the shelves say of measures and feature networks, for tooltips and sentences."""

from __future__ import annotations

from functools import lru_cache

from ...metrics import METRICS, Measure, Metric


@lru_cache(maxsize=1)
def measures() -> dict[str, tuple[type[Metric], Measure]]:
    """By the ids of the measures."""
    return {id: (metric, measure) for metric in METRICS for id, measure in metric.measures.items()}


def about_of(measure: str) -> str:
    """A sentence; "" of one that is no more on the shelf."""
    found = measures().get(measure)
    return found[1].about if found else ""


def tip_of(metric: type[Metric]) -> str:
    """What it tells, measure by measure, and the paper."""
    lines = [f"{measure.title}: {measure.about}" for measure in metric.measures.values()]
    return "\n\n".join([metric.about, *lines, *([metric.paper] if metric.paper else [])])

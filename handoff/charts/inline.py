"""Charts drawn on the server as SVG, for pages with a strict content policy.

pygal draws; its own styles and scripts are taken out, and `assets/charts.css` gives the colours of
the theme. Series differ in dash and mark, not in colour alone, and `charts.html` puts the same
numbers in a table behind each chart.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import pygal
from markupsafe import Markup

# For plugins that we have none of, pygal hooks into every import, in a way that Python warns of.
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

Value = float | None
_SVG = "http://www.w3.org/2000/svg"
_WIDTH = 600
_LINE_HEIGHT, _BAR_HEIGHT, _BARS_MARGIN = 260, 34, 60
# What pygal adds for its own scripts, or says of itself.
_LEFT_OUT = ("style", "script", "title", "desc")


@dataclass(frozen=True)
class Chart:
    """A drawing and its numbers: ``rows`` are (label, a text for each series)."""

    title: str
    svg: Markup
    series: list[str]
    rows: list[tuple[str, list[str]]]
    is_empty: bool


def percent(value: Value) -> str:
    """A share as people read it; a dash where there is none."""
    return "–" if value is None else f"{value * 100:.0f} %"


def line_chart(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Value]],
    *,
    shares: bool = False,
) -> Chart:
    """Values over time, one line a series; a gap where a value is None.

    Args:
        title: what is shown; the drawing's name for who does not see it.
        labels: of the points in time.
        series: as many values as labels, each.
        shares: the values are 0 to 1 and shown in per cent.
    """
    config = {"range": (0, 1)} if shares else {"include_x_axis": True}
    return _draw(pygal.Line, title, labels, series, _LINE_HEIGHT, shares, config)


def bar_chart(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Value]],
    *,
    shares: bool = False,
) -> Chart:
    """Values by kind as bars that lie, the first above; arguments as for lines."""
    height = _BARS_MARGIN + _BAR_HEIGHT * max(len(labels), 1)
    # pygal puts the first at the bottom.
    turned = {name: list(values)[::-1] for name, values in series.items()}
    config = {"range": (0, 1)} if shares else {"include_x_axis": True}
    drawn = _draw(pygal.HorizontalBar, title, labels[::-1], turned, height, shares, config)
    return Chart(title, drawn.svg, drawn.series, drawn.rows[::-1], drawn.is_empty)


def _draw(
    kind: Callable[..., pygal.graph.graph.Graph],
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Value]],
    height: int,
    shares: bool,
    config: Mapping[str, object],
) -> Chart:
    words = percent if shares else _plain
    chart = kind(
        js=[],
        css=[],
        width=_WIDTH,
        height=height,
        show_legend=False,
        explicit_size=False,
        max_scale=5,
        min_scale=2,
        margin=12,
        dots_size=4,
        value_formatter=words,
        no_data_text="–",
        **config,
    )
    chart.x_labels = list(labels)
    for name, values in series.items():
        chart.add(name, list(values))
    rows = [
        (label, [words(values[place]) for values in series.values()])
        for place, label in enumerate(labels)
    ]
    values = [value for each in series.values() for value in each if value is not None]
    return Chart(title, _clean(chart.render(), title), list(series), rows, not values)


def _clean(drawn: bytes, title: str) -> Markup:
    root = ElementTree.fromstring(drawn)  # noqa: S314 - pygal's own output
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in _LEFT_OUT:
                parent.remove(child)
        parent.attrib.pop("style", None)
    for name in ("id", "width", "height"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": title}
    ElementTree.register_namespace("", _SVG)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - escaped by it


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _plain(value: Value) -> str:
    return "–" if value is None else f"{value:.10g}"

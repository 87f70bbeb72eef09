"""Charts as SVG files, drawn on the server, readable without colour.

Each is served as a file of its own and shown by ``<picture>``: it brings its style along, which a
page's Content-Security-Policy forbids inside the page. Series differ by pattern as well as by
colour; the numbers stand in a table beside the chart.
"""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pygal
from pygal.style import Style

# pygal looks for plug-ins by a finder of a form that Python no longer knows: every later import
# would warn of it. Nothing here is a plug-in.
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""Of a chart's own answer: nothing is loaded, nothing runs."""

Kind = Literal["bars", "stacked", "line"]
Theme = Literal["light", "dark"]
Width = Literal["wide", "narrow"]

_SIZES: Mapping[Width, tuple[int, int]] = {"wide": (960, 320), "narrow": (400, 300)}
_MOST_LABELS: Mapping[Width, int] = {"wide": 13, "narrow": 4}
_FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"
# The tokens of handoff/assets/tokens.css, which a file of its own cannot ask for.
_INK = {"light": ("#1c2326", "#51595c", "#e3e0d8"), "dark": ("#e9edee", "#b4bdc0", "#2c3639")}
_COLORS = {
    "light": ("#0b6670", "#c95a0c", "#2a63c4", "#7b46c0", "#1e8a4a", "#8a5a00"),
    "dark": ("#5cc5cc", "#ffab6b", "#8db8ff", "#c3a1f5", "#74d69a", "#f0cf65"),
}
_SURFACE = {"light": "#ffffff", "dark": "#181e20"}
# Drawn over a series' colour in that of the page: nothing, stripes, dots, bars, a grid, waves.
_PATTERNS = (
    "",
    '<path d="M-2 2 2 -2M0 8 8 0M6 10 10 6" />',
    '<circle cx="4" cy="4" r="1.8" class="dot-of-pattern" />',
    '<path d="M0 2h8M0 6h8" />',
    '<path d="M0 4h8M4 0v8" />',
    '<path d="M-2 6 2 10M0 0 8 8M6 -2 10 2" />',
)
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)


@dataclass(frozen=True)
class Series:
    """Values of one thing, one for each label; None where there is none."""

    name: str
    values: Sequence[float | None]


def draw_chart(
    kind: Kind,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    theme: Theme = "light",
    width: Width = "wide",
    say: Callable[[float], str] = str,
    nothing: str = "",
) -> str:
    """An SVG document.

    Args:
        kind: bars side by side, stacked, or one line.
        labels: what stands below, in order.
        series: at most six differ by colour and pattern.
        theme: the page's.
        width: for a wide window or a phone.
        say: writes a value of the axis.
        nothing: the words where there are no values.
    """
    size = _SIZES[width]
    chart = _kind_of(kind)(
        style=_style(theme),
        js=[],
        width=size[0],
        height=size[1] + (24 if len(series) > 3 and width == "narrow" else 0),
        no_prefix=True,
        disable_xml_declaration=True,
        show_legend=len(series) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=3 if width == "wide" else 2,
        truncate_legend=28,
        margin=8,
        spacing=14,
        value_formatter=say,
        no_data_text=nothing,
        show_minor_x_labels=False,
        truncate_label=14,
        dots_size=2,
        include_x_axis=True,
        rounded_bars=1,
        max_scale=6,
    )
    chart.x_labels = list(labels)
    step = -(-len(labels) // _MOST_LABELS[width])
    chart.x_labels_major = list(labels)[::step] if labels else []
    drawn = any(value for each in series for value in each.values)
    for each in series if drawn else ():
        chart.add(each.name, list(each.values))
    return _finished(chart.render(), theme)


def _kind_of(kind: Kind) -> Callable[..., pygal.graph.graph.Graph]:
    kinds = {"bars": pygal.Bar, "stacked": pygal.StackedBar, "line": pygal.Line}
    made: Callable[..., pygal.graph.graph.Graph] = kinds[kind]
    return made


def _style(theme: Theme) -> Style:
    ink, soft, line = _INK[theme]
    fonts = {
        f"{part}_font_family": _FONT
        for part in ("", "label", "major_label", "legend", "no_data", "value", "tooltip", "title")
        if part
    }
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=soft,
        foreground_strong=ink,
        foreground_subtle=line,
        guide_stroke_color=line,
        major_guide_stroke_color=line,
        guide_stroke_dasharray="0",
        major_guide_stroke_dasharray="0",
        opacity="1",
        stroke_opacity="1",
        stroke_width="2",
        colors=_COLORS[theme],
        font_family=_FONT,
        label_font_size=12,
        major_label_font_size=12,
        legend_font_size=13,
        no_data_font_size=15,
        transition="0ms",
        **fonts,
    )


def _finished(svg: str, theme: Theme) -> str:
    """Without pygal's script and mouse-overs, which a picture has no use for; with patterns."""
    defs, rules = [], []
    for number, pattern in enumerate(_PATTERNS):
        color = _COLORS[theme][number]
        defs.append(
            f'<pattern id="p{number}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<rect width="8" height="8" fill="{color}" stroke="none" />'
            f'<g fill="none" stroke="{_SURFACE[theme]}" stroke-width="1.4">{pattern}</g></pattern>'
        )
        rules.append(f".color-{number} rect,rect.color-{number}{{fill:url(#p{number})}}")
    rules.append(f".dot-of-pattern{{fill:{_SURFACE[theme]};stroke:none}}")
    rules.append(".bars .rect{stroke-width:1}.line-graph .line{fill:none}")
    svg = _SCRIPT.sub("", svg).replace('id=""', "", 1).replace("<title>Pygal</title>", "")
    end = f"{''.join(defs)}<style>{''.join(rules)}</style></defs>"
    return svg.replace("</defs>", end, 1)

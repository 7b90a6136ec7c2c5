"""The results as an SVG that reads on light and on dark pages."""

import io
import re
from html import escape

from tutorial.bench.results import Results
from tutorial.environment import ROOT

CHART = ROOT / "tutorial" / "images" / "bench.svg"

# name: what matplotlib draws with, and what it becomes on a light and on a dark page.
COLOURS = {
    "paper": ("#010101", "#ffffff", "#12171c"),
    "ink": ("#020202", "#1f2328", "#e6edf3"),
    "faint": ("#030303", "#57606a", "#9aa5b1"),
    "line": ("#040404", "#d8dee4", "#30363d"),
    "stage": ("#050505", "#1a7f64", "#3fb68b"),
    "ceiling": ("#060606", "#a9b4bf", "#57636f"),
}
PLACEHOLDERS = {name: colours[0] for name, colours in COLOURS.items()}


def draw(found: Results) -> str:
    """The chart as the text of an SVG, the same for the same results to the last byte.

    A bar for each row and number of clients; a row that lost or repeated something has words in
    its place.
    """
    import matplotlib
    from matplotlib.figure import Figure

    fonts = {"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 10}
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "bench", **fonts}):
        counts = found.settings["clients"]
        figure = Figure(
            figsize=(8, 1.1 + len(counts) * (0.5 + 0.25 * len(found.rows))),
            facecolor=PLACEHOLDERS["paper"],
            layout="constrained",
        )
        figure.get_layout_engine().set(w_pad=0.15, h_pad=0.1)
        most = max((cell.per_second for cell in found.cells), default=1)
        panels = figure.subplots(len(counts), 1, sharex=True, squeeze=False)[:, 0]
        for axes, count in zip(panels, counts, strict=True):
            draw_panel(axes, found, count, most)
        scale = "deliveries per second (grey: a server without Django and Channels)"
        panels[-1].set_xlabel(scale, color=PLACEHOLDERS["faint"])
        panels[-1].tick_params(axis="x", labelbottom=True)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return in_both_schemes(drawn.getvalue(), description(found))


def draw_panel(axes, found: Results, clients: int, most: float) -> None:
    """Draw the bars for one number of clients; `most` is the longest bar anywhere."""
    ink, faint, line = (PLACEHOLDERS[name] for name in ("ink", "faint", "line"))
    axes.set_facecolor("none")
    axes.set_title(f"{clients:,} clients in one room", loc="left", color=ink, fontsize=11)
    axes.set_xlim(0, most * 1.25)
    axes.set_ylim(len(found.rows) - 0.4, -0.6)
    axes.set_yticks(range(len(found.rows)), [row["label"] for row in found.rows], color=ink)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.tick_params(axis="x", colors=faint, labelbottom=False, length=0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    for place, row in enumerate(found.rows):
        cell, words = found.cell(row["key"], clients), figure(found, row, clients)
        length = cell.per_second if cell and not found.faults(row["key"]) else 0.0
        colour = PLACEHOLDERS["ceiling" if row["stage"] is None else "stage"]
        axes.barh(place, length, height=0.68, color=colour)
        axes.text(length + most * 0.01, place, words, va="center_baseline", color=ink, fontsize=9)


def description(found: Results) -> str:
    """The chart in words, for who does not see it."""
    parts = []
    for clients in found.settings["clients"]:
        values = [f"{row['label']}: {figure(found, row, clients)}" for row in found.rows]
        parts.append(f"{clients:,} clients: {'; '.join(values)}.")
    return "Deliveries per second, in brackets the ratio to the reference. " + " ".join(parts)


def figure(found: Results, row: dict, clients: int) -> str:
    """What stands at the end of a bar: the figure and its ratio, or why there is no bar."""
    cell, faults = found.cell(row["key"], clients), found.faults(row["key"])
    if cell is None or faults:
        return f"{faults or 'not measured'}: not ranked"
    ratio = found.ratio(row["key"], clients)
    return f"{cell.per_second:,.0f}" + (f" ({ratio:.1f}×)" if ratio else "")


def in_both_schemes(svg: str, words: str) -> str:
    """Give matplotlib's SVG its colours on light and on dark pages, a title and a description."""
    light, dark = (
        "".join(f"--{name}: {colours[scheme]}; " for name, colours in COLOURS.items())
        for scheme in (1, 2)
    )
    style = (
        f"<style>svg {{ {light}}}\n"
        f"@media (prefers-color-scheme: dark) {{ svg {{ {dark}}} }}</style>\n"
    )
    for name, (placeholder, *_) in COLOURS.items():
        svg = svg.replace(placeholder, f"var(--{name})")
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r" <metadata>.*?</metadata>\n", "", svg, flags=re.DOTALL)
    head = f"<title>Deliveries per second</title>\n<desc>{escape(words)}</desc>\n{style}"
    svg = re.sub(r"(<svg[^>]*)>\n", lambda found: f'{found[1]} role="img">\n{head}', svg, count=1)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"

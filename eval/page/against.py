"""Quality against size, time and latency: what to plot it against, the plot, and the figures behind it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from markupsafe import Markup

from eval.export import Row, csv_of
from eval.page import files, sheets
from eval.page.sheets import Sheet
from eval.page.standing import Standing
from eval.page.tables import View, value
from eval.page.tradeoff import Plot, plots, reading, system
from eval.page.tradeoff_chart import NARROW, WIDE, draw
from eval.quantities import QUANTITIES, Costs, Quantity
from eval.wording import listed, measure_title
from retrieval.page import html, numbers
from retrieval.page.glossary import GLOSSARY
from retrieval.page.standalone import standalone

FIRST = "p50"
"""What quality is set against where nobody has chosen."""
TITLE = "Quality against size, time and latency"


def section(view: View, costs: Mapping[str, Costs], against: str) -> Markup:
    """The plot with a choice of what it is against; where nothing is known yet, the command that measures it.

    :param costs: Result id → what is known of the system.
    :param against: The name of a quantity; what cannot be plotted gives way to what can.
    """
    if not view.rows:
        return Markup("")
    drawn = plots(view, costs)
    parts = [html.heading(TITLE, measure_title(view.measure))]
    if drawn:
        chosen = drawn.get(against) or drawn.get(FIRST) or next(iter(drawn.values()))
        parts += [_choice(drawn, chosen), _figure(chosen, view), _table(view, costs)]
    return html.join([*parts, _missing(view, costs)])


def to_csv(view: View, costs: Mapping[str, Costs]) -> str:
    """The figures as CSV: counts, bytes, seconds and milliseconds, and the machines they were measured on."""
    rows: list[Row] = []
    for row in view.rows:
        of = costs.get(row.summary.id, Costs())
        machine = str(of.efficiency.machine) if of.efficiency else ""
        taken = [one.value(of) for one in QUANTITIES]
        rows.append([system(row, of), row.run, row.mode, value(row, view.measure), *taken, machine, row.summary.id])
    names = (one.name for one in QUANTITIES)
    return csv_of(["system", "run", "mode", view.measure, *names, "machine", "result"], rows)


def sheet(view: View, costs: Mapping[str, Costs]) -> Sheet:
    """The figures for a picture."""
    shown, rows = _figures(view, costs)
    machines = dict.fromkeys(str(of.efficiency.machine) for of in costs.values() if of.efficiency)
    title = f"What each system takes on {view.place.corpus}"
    note = f"Measured on {listed(list(machines))}." if machines else ""
    heads = ["System", "Mode", measure_title(view.measure), *(one.title for one in shown)]
    return Sheet(title, note, heads, [[_system(row, costs), row.mode, *cells] for row, cells in rows], 2)


def _choice(drawn: Mapping[str, Plot], chosen: Plot) -> Markup:
    acts = (html.act(each.quantity.title, "against", on=each is chosen, against=name) for name, each in drawn.items())
    return html.element("p", html.join(acts), cls="bh-against", role="group", aria_label="Quality against")


def _figure(chosen: Plot, view: View) -> Markup:
    """Drawn twice, of which the page shows the one that fits."""
    wide, narrow = draw(chosen, WIDE), draw(chosen, NARROW)
    drawings = html.block(wide, cls="bh-wide") + html.block(narrow, cls="bh-narrow")
    name = f"{view.measure}-against-{chosen.quantity.name}-{view.place.corpus}-{view.place.split}.svg"
    picture = files.line([files.link("Picture", name, files.SVG, standalone(wide))])
    return html.element("figure", drawings + html.note(" ".join(reading(chosen))) + picture, cls="bh-tradeoff-figure")


def _table(view: View, costs: Mapping[str, Costs]) -> Markup:
    shown, rows = _figures(view, costs)
    heads: list[html.Column | str] = ["System", "Mode", html.Column(measure_title(view.measure), html.RIGHT)]
    heads += [html.Column(_title(one), html.RIGHT) for one in shown]
    table = html.table(heads, [[_named(row, costs), row.mode, *cells] for row, cells in rows], "What each system takes")
    name = f"efficiency-{view.place.corpus}-{view.place.split}"
    return html.block(table, cls="bh-taken") + files.both(name, to_csv(view, costs), sheets.draw(sheet(view, costs)))


def _title(one: Quantity) -> str | Markup:
    """The title, its first word explained where the glossary has it."""
    word, comma, rest = one.title.partition(",")
    return html.join([html.term(word), comma, rest]) if word in GLOSSARY else one.title


def _figures(view: View, costs: Mapping[str, Costs]) -> tuple[list[Quantity], list[tuple[Standing, list[str]]]]:
    """The quantities that are known of any system, and for each system that has some, what the table says."""
    known = [(row, of) for row in view.rows if (of := costs.get(row.summary.id, Costs())) != Costs()]
    shown = [one for one in QUANTITIES if any(one.value(of) is not None for _, of in known)]
    rows = [
        (row, [numbers.measure(value(row, view.measure)), *(_written(one, of) for one in shown)]) for row, of in known
    ]
    return shown, rows


def _written(one: Quantity, of: Costs) -> str:
    found = one.value(of)
    return numbers.NONE if found is None else one.written(found)


def _system(row: Standing, costs: Mapping[str, Costs]) -> str:
    return system(row, costs.get(row.summary.id, Costs()))


def _named(row: Standing, costs: Mapping[str, Costs]) -> Markup:
    run = html.block(html.mono(row.run), cls="bh-run") if row.run else ""
    return html.join([_system(row, costs), run])


def _missing(view: View, costs: Mapping[str, Costs]) -> Markup:
    """Which systems were not measured, and the command that does it."""
    rows = [row for row in view.rows if not costs.get(row.summary.id, Costs()).efficiency and _can_be_measured(row)]
    if not rows:
        return Markup("")
    models = list(dict.fromkeys(row.model for row in rows if row.kind != "lexical"))
    words = ["python", "-m", "eval", "run", view.place.corpus, "--split", view.place.split, "--efficiency"]
    words += ["--model", models[0]] if models else ["--mode", "lexical"]
    names = listed(list(dict.fromkeys(_system(row, costs) for row in rows)), "systems")
    told = f"Not measured yet: {names}. Size, encoding and latency are measured by "
    return html.note(html.join([told, html.mono(shlex.join(words)), "."]))


def _can_be_measured(row: Standing) -> bool:
    """A ranking of another program cannot, nor a checkpoint whose weights may be gone; nobody asks for each of these."""
    return row.kind != "brought" and (row.kind != "tuned" or row.best)

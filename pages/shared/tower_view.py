"""What the Tower and the Wall have in common: the open book counted once, told as cards and lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from db.queries import data, lines, tower
from domain.services.figures import backlog
from domain.services.figures.backlog import Level
from domain.vocabulary.line_filter import LineFilter, LineState
from domain.vocabulary.statuses import WaitReason
from pages.shared import frame, runtime, wording
from pages.shared.kpi_strip import Card

DAYS = 28
SOON = 7
MONTH = 30
DUE_KINDS = {"On track": "grey", "On hold": "orange", "About to miss": "red"}
DUE_KINDS_PAST = {"Open": "grey", "On hold": "orange"}
LATENESS = ((1, 3), (4, 7), (8, 14), (15, 30), (31, 60), (61, 90), (91, None))


@dataclass(frozen=True)
class View:
    """The open book as of the day shown, grouped rows and their past."""

    opened: frame.Opened
    book: pd.DataFrame
    orders: int
    delivered: pd.DataFrame

    @property
    def as_of(self) -> date:
        """The day shown."""
        return self.opened.as_of

    def count(self, chosen: pd.Series | None = None) -> int:
        """Return how many lines the chosen groups hold."""
        return int(self.book["lines"].sum() if chosen is None else self.book.loc[chosen, "lines"].sum())

    @property
    def overdue(self) -> int:
        """Open lines promised before the day shown."""
        return self.count(self.book["is_overdue"] == 1)

    @property
    def on_hold(self) -> int:
        """Open lines under an active hold."""
        return self.count(self.book["on_hold"] == 1)

    @property
    def at_risk(self) -> int:
        """Open lines about to miss their day."""
        return self.count(self.book["at_risk"] == 1)

    def promised(self, first: date, last: date) -> pd.Series:
        """Return which groups are promised between two days, both included."""
        return self.book["promised_on"].between(pd.Timestamp(first), pd.Timestamp(last))

    def values(self) -> list[tuple[str, float | None]]:
        """Return open value per currency, the currency of most lines first; None where no line has a value."""
        grouped = self.book.groupby("currency")[["lines", "valued_lines", "value"]].sum()
        ordered = grouped.sort_values("lines", ascending=False)
        return [
            (str(name), row["value"] if row["valued_lines"] else None) for name, row in ordered.iterrows()
        ]


def load(opened: frame.Opened) -> View:
    """Read what both screens show."""
    first = opened.as_of - timedelta(days=MONTH + SOON - 1)
    return View(
        opened,
        runtime.read(tower.book, as_of=opened.as_of, live=opened.live),
        runtime.read(tower.orders_open, as_of=opened.as_of),
        runtime.read(tower.delivered_days, first=first, last=opened.as_of),
    )


def sentence(view: View) -> str:
    """Return the state in one sentence."""
    newest = runtime.read(data.newest_command)
    told = [
        f"{wording.lines(view.count(), 'open line')} in {wording.lines(view.orders, 'order')}",
        f"{wording.count(view.overdue)} overdue",
    ]
    if view.opened.live:
        told.append(f"{wording.count(view.at_risk)} about to miss their day")
    if newest is not None:
        told.append(f"data as of {wording.instant(newest.at)}")
    return " · ".join(told)


def cards(view: View) -> list[Card]:
    """Return the row of figures."""
    past = runtime.read(backlog.history, as_of=view.as_of, days=DAYS)
    week_ago = past[-SOON - 1]
    since = f"since {wording.short_day(view.as_of - timedelta(days=SOON))}"
    soon = view.as_of + timedelta(days=SOON - 1)
    due = view.promised(view.as_of, soon)
    due_days = [view.as_of + timedelta(days=n) for n in range(SOON)]
    return [
        Card(
            "Open lines", wording.count(view.count()), "Open lines", {},
            "Entered on or before the day, neither delivered nor cancelled by then.",
            past[-1].open_lines - week_ago.open_lines, since, None, [p.open_lines for p in past],
        ),
        Card(
            "Overdue", wording.count(view.overdue), "Overdue lines", _opens(view, LineState.OVERDUE),
            "Open, and promised before the day; the promise in force on that day counts.",
            past[-1].overdue_lines - week_ago.overdue_lines, since, True, [p.overdue_lines for p in past],
        ),
        Card(
            f"Due in {SOON} days", wording.count(view.count(due)), "Lines due",
            _opens(view, LineState.OPEN, first=view.as_of, last=soon),
            f"Open, and promised within {SOON} days from the day, it included. Bars: each of these days.",
            chart=[view.count(view.promised(d, d)) for d in due_days], chart_type="bar",
        ),
        _on_hold(view, past, since),
        _on_time(view),
        _value(view),
    ]  # fmt: skip


def _opens(view: View, state: LineState, **limits: date) -> dict[str, str]:
    return LineFilter(view.as_of, state=state, **limits).query()  # type: ignore[arg-type]


def _on_hold(view: View, past: list[Level], since: str) -> Card:
    known = runtime.read(data.holds_recorded)
    return Card(
        "On hold", wording.count(view.on_hold if known else None), "Held lines", _opens(view, LineState.ON_HOLD),
        "Open, with an active hold on the line, its order, customer or SKU.",
        past[-1].held_lines - past[-SOON - 1].held_lines if known else None, since if known else None, True,
        [p.held_lines for p in past] if known else (),
    )  # fmt: skip


def _on_time(view: View) -> Card:
    first = view.as_of - timedelta(days=MONTH - 1)
    recent = view.delivered[view.delivered["delivered_on"] >= pd.Timestamp(first)]
    on_time, late = int(recent["on_time"].sum()), int(recent["late"].sum())
    measured = on_time + late
    return Card(
        f"On time, {MONTH} days",
        wording.percent(100 * on_time / measured) if measured else wording.MISSING,
        f"{wording.count(late)} late of {wording.count(measured)}",
        _opens(view, LineState.LATE, first=first, last=view.as_of),
        f"Lines delivered on or before their promised day, any earliness, of the lines delivered in {MONTH} days that "
        "had a promise. Curve: the same over 7 days.",
        chart=_weekly(view), chart_type="line",
    )  # fmt: skip


def _weekly(view: View) -> list[float]:
    days = pd.date_range(end=pd.Timestamp(view.as_of), periods=MONTH + SOON - 1)
    daily = view.delivered.set_index("delivered_on")[["on_time", "late"]].astype("float64")
    rolled = daily.reindex(days, fill_value=0.0).rolling(SOON).sum().iloc[SOON - 1 :]
    share = 100 * rolled["on_time"] / (rolled["on_time"] + rolled["late"])
    return [round(float(value), 1) for value in share.dropna()]


def _value(view: View) -> Card:
    values = view.values()
    currency, amount = values[0] if values else ("", None)
    weeks = [
        view.book.loc[
            (view.book["currency"] == currency)
            & view.promised(view.as_of + timedelta(days=7 * n), view.as_of + timedelta(days=7 * n + 6)),
            "value",
        ].sum()
        for n in range(8)
    ]
    others = ", ".join(wording.money(value, code, short=True) for code, value in values[1:])
    return Card(
        f"Open value, {currency}" if currency else "Open value",
        wording.money(amount, currency, short=True),
        f"Open lines in {currency}" if currency else "Open lines",
        LineFilter(view.as_of, currency=currency).query(),
        "Net amount of the open quantity of open lines, per currency, never added up. Bars: by week of promise.",
        chart=weeks, chart_type="bar", note=f"and {others}" if others else "",
    )  # fmt: skip


def due_days(view: View, days: int) -> pd.DataFrame:
    """Return (day, kind, lines) of lines promised in the next `days` days."""
    last = view.as_of + timedelta(days=days - 1)
    near = view.book[view.promised(view.as_of, last)]
    kind = pd.Series("On track" if view.opened.live else "Open", index=near.index)
    kind[near["on_hold"] == 1] = "On hold"
    if view.opened.live:
        kind[near["at_risk"] == 1] = "About to miss"
    counted = near.assign(kind=kind).groupby(["promised_on", "kind"], as_index=False)["lines"].sum()
    return counted.rename(columns={"promised_on": "day"})


def due_table(view: View, due: pd.DataFrame, kinds: list[str]) -> pd.DataFrame:
    """Return the same lines as a table: a row a day, a column a kind, and the link to the day's rows."""
    wide = due.pivot_table(index="day", columns="kind", values="lines", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=kinds, fill_value=0).astype("int64")
    wide["lines"] = wide.sum(axis="columns")
    days = [day.date() for day in wide.index]
    links = [_opens(view, LineState.OPEN, first=day, last=day) for day in days]
    wide["open"] = [frame.address("orders", view.opened, **opens) for opens in links]
    return wide.reset_index()


def late_by(view: View) -> pd.DataFrame:
    """Return overdue lines by how late they are (domain.md 5.5), with the link to each group's rows."""
    rows = []
    for low, high in LATENESS:
        last = view.as_of - timedelta(days=low)
        first = view.as_of - timedelta(days=high) if high else date(1970, 1, 1)
        limits = {"last": last} | ({"first": first} if high else {})
        number = view.count((view.book["is_overdue"] == 1) & view.promised(first, last))
        if number:
            label = f"{low}–{high} days" if high else f"{low} days and more"
            rows.append(
                (
                    label,
                    number,
                    frame.address("orders", view.opened, **_opens(view, LineState.OVERDUE, **limits)),
                )
            )
    nobody = view.count(view.book["promised_on"].isna())
    if nobody:
        opens = _opens(view, LineState.NO_PROMISE)
        rows.append(("No promised day", nobody, frame.address("orders", view.opened, **opens)))
    return pd.DataFrame(rows, columns=["late", "lines", "open"])


def reasons(view: View) -> pd.DataFrame:
    """Return why open lines wait: lines, overdue lines, and the link to each reason's rows."""
    rows = []
    for reason, group in view.book.groupby("wait_reason"):
        opens = LineFilter(view.as_of, reason=WaitReason(str(reason))).query()
        late = int(group.loc[group["is_overdue"] == 1, "lines"].sum())
        rows.append(
            (
                wording.code(str(reason)),
                int(group["lines"].sum()),
                late,
                frame.address("orders", view.opened, **opens),
            )
        )
    table = pd.DataFrame(rows, columns=["reason", "lines", "overdue", "open"])
    return table.sort_values(["overdue", "lines"], ascending=False, ignore_index=True)


def next_to_miss(view: View) -> tuple[str, LineFilter]:
    """Return the heading and the filter of the lines to look at first."""
    if view.opened.live:
        return "Next to miss their day", LineFilter(view.as_of, state=LineState.AT_RISK)
    return "Next due", LineFilter(
        view.as_of, first=view.as_of, last=view.as_of + timedelta(days=lines.AT_RISK_DAYS)
    )

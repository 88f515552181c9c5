"""The key figures as the JSON document and as the text that `python -m domain kpi` prints."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.rules.kpi.on_time import Share
from domain.services.figures.kpi import OnTimeReport
from domain.services.figures.otif import OtifReport
from domain.vocabulary.units import MONEY_SCALE, QUANTITY_SCALE, from_units

NOT_RECORDED = "not recorded"
SCALES = {"otif_quantity": QUANTITY_SCALE, "fill_quantity": QUANTITY_SCALE}
VALUE_SCALE = QUANTITY_SCALE * MONEY_SCALE
SEVERAL = "several currencies: amounts of different currencies are never added"


def report_as_json(report: OnTimeReport) -> dict[str, Any]:
    """Return the report as a document of numbers, ISO days and words.

    Values are in currency units. With several currencies there is no single value: the figure is null and
    `by_currency` carries one share each. Where data cannot answer, `percent` is "not recorded" and `note` says
    why; a share of nothing has `percent` null.
    """
    value = {code: _share(share, MONEY_SCALE) for code, share in report.value.items()}
    return {
        "as_of": report.as_of.isoformat(),
        "policy": report.policy,
        "kpis": {
            "on_time_line": _share(report.line),
            "on_time_order": _share(report.order),
            "on_time_shipment": _share(report.shipment),
            "on_time_value": _single(value),
            "on_time_quantity": _share(report.quantity, QUANTITY_SCALE),
            "on_time_requested": _otif(report.requested, "on_time"),
            "in_full": _otif(report.requested, "in_full"),
            "otif_line": _otif(report.requested, "otif_line"),
            "otif_order": _otif(report.requested, "otif_order"),
            "otif_quantity": _otif(report.requested, "otif_quantity"),
            "otif_value": _otif_value(report.requested),
            "otif_line_first_promise": _otif(report.promised, "otif_line"),
            "fill_rate_line": _otif(report.requested, "fill_line"),
            "fill_rate_quantity": _otif(report.requested, "fill_quantity"),
        },
        "otif_policy": str(report.requested.policy),
        "lateness": {
            "late": report.lateness.late,
            "on_the_day": report.lateness.on_the_day,
            "early": report.lateness.early,
            "later_than_days": {str(k): v for k, v in report.lateness.later_than.items()},
            "mean_of_late_days": report.lateness.mean_of_late,
            "median_of_late_days": report.lateness.median_of_late,
            "longest_days": report.lateness.longest,
            "late_by_days": report.lateness.buckets,
        },
        "no_promise_recorded": report.no_promise,
        "backlog": _backlog(report),
    }


def report_as_text(report: OnTimeReport) -> str:
    """Return the figures as lines of text for a terminal."""
    document = report_as_json(report)
    lines = [f"As of {document['as_of']}", document["policy"], ""]
    for name, share in document["kpis"].items():
        lines += _text_of(name.replace("_", " "), share)
    backlog = document["backlog"]
    lines += ["", f"open lines {backlog['open_lines']:,}, overdue {backlog['overdue_lines']:,}"]
    for code, amount in backlog["open_value_by_currency"].items():
        lines.append(f"open value {NOT_RECORDED if amount is None else f'{amount:,.2f}'} {code}".rstrip())
    late = document["lateness"]
    lines.append(f"late {late['late']:,}, on the day {late['on_the_day']:,}, early {late['early']:,}")
    return "\n".join(lines)


def _text_of(label: str, share: Mapping[str, Any]) -> list[str]:
    by_currency = share.get("by_currency")
    if by_currency:
        return [row for code, part in by_currency.items() for row in _text_of(f"{label} {code}", part)]
    percent = share["percent"]
    if percent is None:
        return [f"{label:<26} –"]
    if percent == NOT_RECORDED:
        return [f"{label:<26} {NOT_RECORDED}: {share['note']}"]
    counted = f"{_grouped(share['numerator'])} of {_grouped(share['denominator'])}"
    return [f"{label:<26} {percent:>9.4f} %  {counted}"]


def _grouped(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,.2f}"


def _backlog(report: OnTimeReport) -> dict[str, Any]:
    values = {code: _number(amount) for code, amount in report.backlog.open_value.items()}
    single = next(iter(values.values())) if len(values) == 1 else None
    return {
        "open_lines": report.backlog.open_lines,
        "overdue_lines": report.backlog.overdue_lines,
        "open_value": single if values else 0,
        "open_value_by_currency": values,
        "lines_without_value": report.backlog.unvalued_lines,
    }


def _otif(report: OtifReport, name: str) -> dict[str, Any]:
    if name in report.not_recorded:
        return _missing(report.not_recorded[name])
    return _share(report.shares[name], SCALES.get(name, 1))


def _otif_value(report: OtifReport) -> dict[str, Any]:
    if "otif_value" in report.not_recorded:
        return _missing(report.not_recorded["otif_value"])
    return _single({code: _share(share, VALUE_SCALE) for code, share in report.value.items()})


def _missing(why: str) -> dict[str, Any]:
    return {"numerator": None, "denominator": None, "percent": NOT_RECORDED, "note": why}


def _share(share: Share, scale: int = 1) -> dict[str, Any]:
    return {
        "numerator": _number(from_units(share.numerator, scale)),
        "denominator": _number(from_units(share.denominator, scale)),
        "percent": _number(share.percent),
    }


def _single(shares: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    if not shares:
        return _share(Share(0, 0))
    if len(shares) == 1:
        currency, only = next(iter(shares.items()))
        return {**only, "currency": currency}
    nothing = {"numerator": None, "denominator": None, "percent": None}
    return {**nothing, "note": SEVERAL, "by_currency": dict(shares)}


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)

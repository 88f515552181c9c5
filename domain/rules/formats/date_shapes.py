"""Which date formats the shape of a text allows, before the column decides among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from domain.rules.formats.date_formats import parser

Order = Literal["dmy", "mdy", "ymd"]
# Years that an unstated format may give; a stated one may give any.
PLAUSIBLE = range(1900, 2200)
CLOCK = re.compile(
    r"(?P<gap>T|t|\s+)(?P<hour>[0-9]{1,2}):[0-9]{2}(?P<sec>:[0-9]{2}(?P<frac>\.[0-9]{1,9})?)?"
    r"(?P<half>\s?[AaPp]\.?[Mm]\.?)?(?P<zone>\s?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
)
SPLIT = re.compile(r"([0-9]{1,4})(?P<sep>[-/. ])([0-9]{1,2})(?P=sep)([0-9]{1,4})")
NAMED_DAY = re.compile(
    r"[0-9]{1,2}(?P<one>[-/. ]?\s?)[^\W\d_]{3,12}(?P<two>\.?[-/ ]?\s?)(?P<y>[0-9]{2}|[0-9]{4})"
)
NAMED_MONTH = re.compile(r"[^\W\d_]{3,12}(?P<one>\.?[- ])[0-9]{1,2}(?P<two>,? |-)(?P<y>[0-9]{2}|[0-9]{4})")
NAMED_YEAR = re.compile(r"[0-9]{4}(?P<one>[-/. ])[^\W\d_]{3,12}(?P<two>[-/. ])[0-9]{1,2}")


def possible_formats(text: str) -> dict[Order, str]:
    """The formats a text allows, by the order of day, month and year. Certain shapes have one entry."""
    if parser("iso")(text) or parser("odata")(text):
        fmt = "odata" if "Date(" in text else "iso"
        return {"ymd": fmt} if _plausible(text, fmt) else {}
    clock = CLOCK.search(text)
    day, suffix = (
        (text[: clock.start()], _clock_format(clock)) if clock and clock.end() == len(text) else (text, "")
    )
    found: dict[Order, str] = {order: fmt + suffix for order, fmt in _day_formats(day).items()}
    return {order: fmt for order, fmt in found.items() if _plausible(text, fmt)}


def _day_formats(day: str) -> dict[Order, str]:
    if match := SPLIT.fullmatch(day):
        return _split_formats(match)
    if day.isascii() and day.isdigit():
        year = {8: "%Y", 6: "%y"}.get(len(day))
        return {} if year is None else {"ymd": f"{year}%m%d", "dmy": f"%d%m{year}", "mdy": f"%m%d{year}"}
    for pattern, order in ((NAMED_DAY, "dby"), (NAMED_MONTH, "bdy"), (NAMED_YEAR, "ybd")):
        if match := pattern.fullmatch(day):
            year = "%Y" if order == "ybd" or len(match["y"]) > 2 else "%y"
            fields = {"d": "%d", "b": "%b", "y": year}
            return {
                "dmy": match["one"].join((fields[order[0]], fields[order[1]]))
                + match["two"]
                + fields[order[2]]
            }
    return {}


def _split_formats(match: re.Match[str]) -> dict[Order, str]:
    left, sep, _, right = match.groups()
    if len(left) > 2:
        return {"ymd": f"%Y{sep}%m{sep}%d"} if len(left) == 4 and len(right) <= 2 else {}
    if len(right) not in (2, 4):
        return {}
    year = "%Y" if len(right) == 4 else "%y"
    found: dict[Order, str] = {"dmy": f"%d{sep}%m{sep}{year}", "mdy": f"%m{sep}%d{sep}{year}"}
    if len(left) == 2 and len(right) == 2:
        found["ymd"] = f"%y{sep}%m{sep}%d"
    return found


def _clock_format(clock: re.Match[str]) -> str:
    gap = clock["gap"] if clock["gap"] in "Tt" else " "
    half = clock["half"]
    fraction = ".%f" if clock["frac"] else ""
    seconds = f":%S{fraction}" if clock["sec"] else ""
    half_format = "" if not half else " %p" if half[0].isspace() else "%p"
    zone = clock["zone"]
    zone_format = "" if not zone else " %z" if zone[0].isspace() else "%z"
    return f"{gap}{'%I' if half else '%H'}:%M{seconds}{half_format}{zone_format}"


def _plausible(text: str, fmt: str) -> bool:
    moment = parser(fmt)(text)
    return moment is not None and moment.year in PLAUSIBLE


def family_of(text: str, readings: Mapping[Order, str]) -> str | None:
    """The separator when the order of the fields is open by shape, None when the shape is certain."""
    if not readings:
        return None
    clock = CLOCK.search(text)
    day = text[: clock.start()] if clock else text
    match = SPLIT.fullmatch(day)
    if match:
        return None if len(match[1]) == 4 else match["sep"]
    return f"{len(day)} digits" if day.isdigit() else None

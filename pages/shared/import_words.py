"""Words of imports as people read them: remark categories, date formats and number marks."""

from __future__ import annotations

ACRONYMS = {"po", "pq", "sku", "rdc", "asn", "uom", "id", "usd", "eta"}
DATE_WORDS = {
    "%d": "day",
    "%m": "month",
    "%b": "month name",
    "%B": "month name",
    "%Y": "year",
    "%y": "year (2 digits)",
    "iso": "year-month-day",
}
MARKS = {",": "comma", ".": "point", " ": "space", "'": "apostrophe"}


def plain(code: str) -> str:
    """Return a code in words as they stand within a sentence: po_date is "PO date", net_amount "net amount"."""
    return " ".join(word.upper() if word.lower() in ACRONYMS else word.lower() for word in code.split("_"))


def words(code: str) -> str:
    """Return a code in words as they stand alone: po_date_from_rdc is "PO date from RDC"."""
    text = plain(code)
    return text[:1].upper() + text[1:]


def date_format(form: str) -> str:
    """Return a date format in words: %d/%m/%Y is "day/month/year"."""
    for mark, word in DATE_WORDS.items():
        form = form.replace(mark, word)
    return form


def number_marks(marks: str) -> str:
    """Return the marks of numbers in words: ",." is "comma is the decimal mark"."""
    return f"{MARKS.get(marks[0], marks[0])} is the decimal mark"


def answer(question: str, value: str) -> str:
    """Return an answer in words: ("date:promised", "%d/%m/%Y") is "promised is read as day/month/year"."""
    kind, _, name = question.partition(":")
    what = f"every {kind} column" if name == "*" else f"column “{name}”"
    if kind == "column":
        return f"{what} is “{value}”"
    return f"{what} is read as {date_format(value)}" if kind == "date" else f"in {what} {number_marks(value)}"


PLURALS = {"supply": "supplies"}


def records(table: str, number: int) -> str:
    """Return a count of records in words: ("sales_order_line", 3) is "3 order lines"."""
    text = plain(table.removeprefix("sales_"))
    return f"{number:,} {text if number == 1 else PLURALS.get(text, text + 's')}"

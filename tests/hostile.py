"""A tower full of hostile text: every name, note, reason and comment that people or files can bring is a payload."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle
from typing import Any

from sqlalchemy import Engine, select

from db.records import table_of
from db.tables import (
    Approval,
    Calendar,
    Customer,
    ExceptionCase,
    Hold,
    SalesOrder,
    SalesOrderLine,
    ShipTo,
    Sku,
    SkuSite,
)
from db.unit_of_work import transact
from domain.exchange.imports.intake import prepare
from domain.exchange.imports.profile import find
from domain.rules.editing.fields import catalogue
from domain.services import calendar_changes, exception_cases, master_data, saved_views
from domain.services.access import users
from domain.services.access.users import Rights
from domain.services.approving import approvals
from domain.services.editing import edits
from domain.services.holding import hold_reviews, holds
from domain.services.importing import imports
from domain.services.ordering import order_lines
from domain.vocabulary.edits import FieldKind
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import Channel, HoldScope, HoldType, Initiator, Role, ViewVisibility
from domain.vocabulary.units import to_instant
from seed.bulk import advance_sequences, insert_columns
from seed.import_command import PROFILES
from tests.acting import do, person

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
FLAG = "window.__hit=(window.__hit||0)+1"
"""What a payload that runs leaves behind; many also open a dialog."""
SCRIPTS = (
    "<script>alert(1)</script>",
    f"<script>{FLAG}</script>",
    f"<img src=x onerror={FLAG}>",
    f"<img/src='x'/onerror='{FLAG}'>",
    f"<svg onload={FLAG}>",
    f"<svg><script>{FLAG}</script></svg>",
    f"<svg><animate onbegin={FLAG} attributeName=x dur=1s>",
    f"<body onload={FLAG}>",
    f"<iframe srcdoc='<script>parent.{FLAG}</script>'>",
    "<iframe src=javascript:alert(1)>",
    f"<details open ontoggle={FLAG}>",
    f"<input autofocus onfocus={FLAG}>",
    f"<video><source onerror={FLAG}>",
    f"<audio src=x onerror={FLAG}>",
    f"<marquee onstart={FLAG}>",
    "<a href=javascript:alert(1)>a</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>a</a>",
    "<form action=javascript:alert(1)><button>a",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<math><mtext><style><img src=x onerror=alert(1)>",
    f'"><img src=x onerror={FLAG}>',
    f"'><script>{FLAG}</script>",
    f"</textarea><script>{FLAG}</script>",
    f"</title><script>{FLAG}</script>",
    f"--><script>{FLAG}</script>",
    f"{{{{constructor.constructor('{FLAG}')()}}}}",
    f"${{{FLAG}}}",
    f"javascript:{FLAG}",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<style>@import 'http://127.0.0.1:9/x.css'</style>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
)
MARKDOWN = (
    "[x](javascript:alert(1))",
    "![i](http://127.0.0.1:9/x.png)",
    "[![i](http://127.0.0.1:9/x.png)](http://127.0.0.1:9/)",
    "<http://127.0.0.1:9/>",
    ":red[boo]",
    ":material/delete:",
    "$\\frac{1}{2}$",
    "*bold* _it_ `code`",
    "# heading #1",
    "| a | b |",
)
FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1",
    "=HYPERLINK(\"http://127.0.0.1:9/\",\"x\")", "=WEBSERVICE(\"http://127.0.0.1:9/\")", "=IMPORTXML(\"x\",\"y\")",
    "＝1+1", "-2+3+cmd|' /C calc'!A0", "@A1", "+cmd|' /C calc'!A0", "=\"=1+1\"", "'=1+1", "=DDE(\"a\";\"b\")",
)  # fmt: skip
TEXTS = (*SCRIPTS, *MARKDOWN)
LONG = 500
LEAD, SECOND, ASKER = (
    person("lead", Role.LEAD, Role.CREDIT, Role.COMPL, Role.ADMIN, Role.MDM, Role.PLAN),
    person("second"),
    person("asker", Role.ASSOC),
)


def build(engine: Engine, texts: Sequence[str] = TEXTS) -> dict[str, int]:
    """Fill an empty database through the services; return how many payloads each kind of text took."""
    took: dict[str, int] = {}
    some = cycle(texts)

    def say() -> str:
        return next(some)

    def try_(kind: str, act: Callable[..., Any], **arguments: Any) -> Any:
        try:
            answer = do(engine, act, now=NOW, actor=arguments.pop("actor", LEAD), **arguments)
        except DomainError:
            took.setdefault(kind, 0)
            return None
        took[kind] = took.get(kind, 0) + 1
        return answer

    _import(engine, texts)
    _cases(engine, texts)
    others = tuple(role for role in Role if role is not Role.LEAD)
    for login in ("second", "third", "fourth"):
        rights = Rights(Role.LEAD, others, approval_limit=Decimal(10**9))
        try_("user", users.create, login=login, name=say(), email=say(), team=say(), rights=rights)
    for number in range(3):
        calendar = try_("calendar name", calendar_changes.add, name=say()[:60], tz="UTC")
        if calendar:
            try_("calendar exception", calendar_changes.set_exception, calendar_id=calendar, on_day="2026-12-24",
                 name=say()[:60], reason=say())  # fmt: skip
        try_("ship-to", master_data.add_ship_to, customer_id=number + 1, code=f"ST{number}",
             given={"name": say(), "address": say(), "city": say()})  # fmt: skip
        try_("customer part", master_data.add_customer_part, customer_id=number + 1, part=say()[:40],
             sku=_first(engine, Sku.sku))  # fmt: skip
    for place, payload in enumerate(texts):
        try_("saved view", saved_views.save, page="orders", name=payload[:60], query=f"text={payload}",
             visibility=ViewVisibility.TEAM if place % 2 else ViewVisibility.PRIVATE, actor=person("test"))  # fmt: skip
    _edit_everything(engine, texts, took)
    _hold_everything(engine, texts, try_)
    for approval_id, version in _keys(engine, Approval.approval_id, Approval.row_version)[:3]:
        try_(
            "approval comment",
            approvals.reject,
            approval_id=approval_id,
            row_version=version,
            comment=say(),
            actor=SECOND,
        )
    for line_id, _ in _keys(engine, SalesOrderLine.line_id, SalesOrderLine.row_version)[-2:]:
        try_("cancel reason", order_lines.cancel, line_id=line_id, reason=say(), side=Initiator.CUSTOMER)
    return took


def _first(engine: Engine, column: Any) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(column)).scalars().first()


def _keys(engine: Engine, key: Any, other: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(key, other).order_by(key)))


def _import(engine: Engine, texts: Sequence[str]) -> None:
    """Bring orders in whose numbers, customers, SKUs and refused cells are payloads, from a file called like one."""
    head = ("order_no", "line_no", "customer", "sku", "quantity", "promised_date", "currency", "entered_on")
    text = io.StringIO()
    sheet = csv.writer(text, delimiter="\t", lineterminator="\n")
    sheet.writerow(head)
    for number, payload in enumerate(map(_cell, texts)):
        day = f"2026-06-{number % 20 + 10}"
        sheet.writerow((f"H{number}{payload}", 1, payload, payload, 5, day, "EUR", "2026-06-01"))
        sheet.writerow((f"B{number}", 1, "X", "Y", payload, payload, "EUR", "2026-06-01"))
    name = "lines <img src=x onerror=alert(1)> *b* [x](javascript:alert(1)).tsv"
    mapped = prepare(find("generic", PROFILES), [(name, text.getvalue().encode())])
    report = do(engine, imports.commit, mapped=mapped, now=NOW, actor="test")
    assert report["accepted"] >= len(texts)


def _cell(payload: str) -> str:
    return " ".join(payload.split())


def _cases(engine: Engine, texts: Sequence[str]) -> None:
    at = to_instant(NOW)
    keys = list(range(1, len(texts) + 1))
    columns = {
        "created_at": at, "created_by": "test", "updated_at": at, "updated_by": "test", "row_version": 1,
        "exception_id": keys, "type_code": "ORD-TEST", "open_key": [f"k{key}" for key in keys],
        "object_type": "sales_order", "object_id": keys, "order_id": keys, "detected_at": at, "last_seen_at": at,
        "severity": "S2", "summary": list(texts), "assignee": "lead", "status": "ASSIGNED",
    }  # fmt: skip

    def work(connection: Any) -> None:
        insert_columns(connection, table_of(ExceptionCase), columns, len(keys))
        advance_sequences(connection, [table_of(ExceptionCase)])

    transact(engine, lambda unit: work(unit.connection))


OWNERS = {
    "sales_order": SalesOrder.order_id, "sales_order_line": SalesOrderLine.line_id,
    "exception_case": ExceptionCase.exception_id, "customer": Customer.customer_id, "ship_to": ShipTo.ship_to_id,
    "sku": Sku.sku_id, "sku_site": SkuSite.sku_site_id, "calendar": Calendar.calendar_id,
}  # fmt: skip


def _edit_everything(engine: Engine, texts: Sequence[str], took: dict[str, int]) -> None:
    """Type payloads into every free-text field of the catalogue, one record per payload; long notes take many.

    Sensitive ones are asked for, so that requests for approval show them.
    """
    for (entity, name), field in catalogue().items():
        if field.kind not in (FieldKind.TEXT, FieldKind.NOTE) or entity not in OWNERS:
            continue
        keys = [row[0] for row in _keys(engine, OWNERS[entity], OWNERS[entity])]
        with engine.connect() as connection:
            column = table_of(OWNERS[entity].class_).c[name]
            seen = {row[0]: row[1] for row in connection.execute(select(OWNERS[entity], column))}
        cells = []
        for key, payload in zip(keys, cycle(texts), strict=False):
            text = payload if field.longest < LONG else _many(payload, texts, field.longest)
            cells.append(
                {"entity": entity, "record_id": key, "field": name, "old": seen[key], "new": text[: field.longest],
                 "row_version": 1}
            )  # fmt: skip
        who = ASKER if field.sensitive is not None else LEAD
        answer = do(
            engine,
            edits.apply,
            now=NOW,
            actor=who,
            edits=cells,
            reason=texts[len(took) % len(texts)],
            partial=True,
        )
        took[f"{entity}.{name}"] = sum(answer["counts"].get(word, 0) for word in ("SAVED", "REQUESTED"))


def _many(first: str, texts: Sequence[str], longest: int) -> str:
    found = first
    for text in texts:
        if len(found) + len(text) + 1 > longest:
            break
        found = f"{found} {text}"
    return found


def _hold_everything(engine: Engine, texts: Sequence[str], try_: Callable[..., Any]) -> None:
    """Place, ask about and release holds with payloads for reasons, questions and answers."""
    orders = [row[0] for row in _keys(engine, SalesOrder.order_id, SalesOrder.order_id)]
    for order_id, payload in zip(orders, texts, strict=False):
        try_(
            "hold reason",
            holds.place,
            scope=HoldScope.ORDER,
            scope_ids=[order_id],
            types=[HoldType.DATA],
            reason=payload,
        )
    for place, (hold_id, _) in enumerate(_keys(engine, Hold.hold_id, Hold.row_version)[:9]):
        try_("hold review", hold_reviews.start_review, hold_ids=[hold_id], actor=SECOND)
        if place % 3 == 0:
            try_("hold question", hold_reviews.request_info, hold_id=hold_id, question=texts[place], channel=Channel.EMAIL,
                 actor=SECOND)  # fmt: skip
        elif place % 3 == 1:
            try_(
                "release reason", hold_reviews.release, hold_ids=[hold_id], reason=texts[place], actor=SECOND
            )
    for exception_id, _ in _keys(engine, ExceptionCase.exception_id, ExceptionCase.row_version)[:3]:
        try_("case note", exception_cases.note, exception_id=exception_id, text=texts[exception_id])
        try_("case reason", exception_cases.dismiss, exception_id=exception_id, reason=texts[exception_id])

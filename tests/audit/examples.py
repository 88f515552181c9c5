"""One example of every command that there is: what it needs, and the call itself, on one small world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from db.tables import Shipment
from domain.vocabulary.actor import Actor
from domain.vocabulary.order_entry import NewLine, NewQuantity
from domain.vocabulary.statuses import Channel, HoldScope, HoldType, Role
from tests import lifecycle_world as world
from tests.acting import NOON, person
from tests.audit.run_examples import RUNS
from tests.audit.stage import HOUR, ROW, WORKER, Stage
from tests.by_hand import by_hand
from tests.exchange.imports.extracts import profile, small

Example = Callable[[Stage], dict[str, Any]]


def _order(make: Callable[..., world.Case], *quantities: int, **more: Any) -> Example:
    return lambda s: {"order_id": s.at(make, *quantities).order_id, **more}


def _line(make: Callable[..., world.Case], *quantities: int, part: int | None = None, **more: Any) -> Example:
    given = {} if part is None else {"part": part}
    return lambda s: {"line_id": s.at(make, *quantities, **given).line_id, **more}


def _reserved(make: Callable[..., world.Case], **more: Any) -> Example:
    return lambda s: {"reservation_ids": s.reservations(s.at(make)), **more}


def _proposal(s: Stage) -> dict[str, Any]:
    case = s.at(world.confirmed)
    supply = int(s.one("select supply_id from supply where sku_id = :sku", sku=case.line().sku_id))
    return {"line_id": case.line_id, "supply_id": supply, "qty": Decimal(10), "expires_at": NOON + HOUR}


def _proposed(s: Stage) -> dict[str, Any]:
    return {"reservation_ids": [int(_key(s.run("stock.propose", **_proposal(s))))]}


def _key(answer: Any) -> Any:
    return answer if isinstance(answer, int) else next(iter(answer.values()))


def _expired(s: Stage) -> dict[str, Any]:
    _proposed(s)
    return {"now": NOON + 2 * HOUR, "actor": WORKER}


def _pinned(s: Stage) -> dict[str, Any]:
    keys = s.reservations(s.at(world.allocated))
    s.run("stock.pin", reservation_ids=keys, reason="promised by hand")
    return {"reservation_ids": keys, "reason": "no longer"}


def _sent(s: Stage) -> dict[str, Any]:
    case = s.at(world.shipped)
    with s.engine.connect() as connection:
        key = connection.execute(
            select(Shipment.shipment_id).order_by(Shipment.shipment_id.desc()).limit(1)
        ).scalar_one()
    assert case.stage() == "SHIPPED"
    return {"shipment_id": int(key), "delivered_on": NOON.date(), "received_by": "Dock"}


def _invoiced(s: Stage, *, paid: bool) -> world.Case:
    _ = s.at(world.shipped)
    given = _sent(s)
    s.run("shipments.deliver", **given)
    order = int(s.one("select max(order_id) from sales_order"))
    s.run("invoices.post", order_id=order)
    if paid:
        by_hand(s.engine, f"update invoice set open_amount = 0, status = 'PAID' where order_id = {order}")
    line = int(s.one("select min(line_id) from sales_order_line where order_id = :o", o=order))
    return world.Case(s.engine, s.stock, order, (line,))


def _shift(s: Stage, hours: int) -> Any:
    return NOON + timedelta(hours=hours)


def _undone(s: Stage) -> dict[str, Any]:
    case = s.at(world.confirmed)
    s.run("edits.apply", **s.edit(person("test"), "sales_order_line", case.line_id, "note", "call first"))
    done = int(s.one("select max(command_id) from command"))
    return {"undoes": done, "command_id": done, "reason": "wrong line"}


def _imported(s: Stage) -> dict[str, Any]:
    return {"mapped": small(ROW.format(n=s.number(), qty=5))}


def _amended(s: Stage) -> dict[str, Any]:
    number = s.number()
    s.run("imports.commit", mapped=small(ROW.format(n=number, qty=5)))
    return {"mapped": small(ROW.format(n=number, qty=7))}


def _held_row(s: Stage) -> dict[str, Any]:
    s.run("imports.commit", mapped=small(ROW.format(n=s.number(), qty="many")))
    held = int(s.one("select max(quarantine_id) from quarantine_row"))
    return {"profile": profile(), "corrections": {held: {"Qty": "4"}}}


def _batch(s: Stage) -> dict[str, Any]:
    return {"batch_id": int(s.run("imports.commit", **_amended(s))["batch_id"])}


def _week(s: Stage) -> dict[str, Any]:
    seen = [[[480, 1020]]] * 5 + [[], []]
    wanted = [[[480, 900]], *seen[1:]]
    return {"calendar_id": s.rows.calendar, "week": wanted, "seen": seen, "reason": "shorter Mondays"}


def _with_part(s: Stage) -> dict[str, Any]:
    part = f"PART-{s.number()}"
    key = s.run("master_data.add_customer_part", customer_id=s.rows.customer, part=part, sku="BOLT-8")
    return {"customer_sku_id": int(key), "row_version": 1}


def _view(s: Stage) -> dict[str, Any]:
    return {
        "view_id": int(s.run("saved_views.save", page="orders", name=f"v{s.number()}", query="")),
        "row_version": 1,
    }


def _user_change(s: Stage) -> dict[str, Any]:
    from domain.services.access.users import Rights

    return {
        **s.user(),
        "name": "Renamed",
        "rights": Rights(Role.LEAD, (Role.SALES,), ("C-1",), ("HAM",)),
        "team": "North",
    }


def _own_password(s: Stage) -> dict[str, Any]:
    login = f"own{s.number()}"
    key = s.user(login)["user_id"]
    return {
        "actor": Actor(login, frozenset({Role.SALES}), user_id=key),
        "seen_hash": "x",
        "password_hash": "y",
    }


def _only_user(s: Stage, *, active: bool = True) -> dict[str, Any]:
    key = s.user()["user_id"]
    if not active:
        s.run("users.deactivate", user_id=key)
    return {"user_id": key}


def _others(s: Stage) -> dict[str, Any]:
    s.signed_in()
    return {"actor": s.ann}


def _new_lines(s: Stage) -> list[NewLine]:
    return [NewLine(s.stock.skus[0], Decimal(3), s.stock.site_id, world.FAR, Decimal("2.50"))]


def _copied(s: Stage) -> dict[str, Any]:
    return {
        "order_id": s.at(world.confirmed).order_id,
        "po_no": f"PO-{s.number()}",
        "requested_on": world.FAR,
    }


def _amend(s: Stage) -> dict[str, Any]:
    case = s.at(world.confirmed)
    return {
        "order_id": case.order_id,
        "quantities": [NewQuantity(case.line_id, Decimal(12))],
        "reason": "customer wants more",
    }


def _half_sent(s: Stage) -> world.Case:
    return s.at(world.shipped, 10, part=4)


def _second_line(s: Stage) -> dict[str, Any]:
    case = s.at(world.confirmed, 5, 5)
    s.run("stock.allocate", order_id=case.order_id, line_ids=[case.line_ids[0]])
    s.run("orders.release", order_id=case.order_id)
    s.run("stock.allocate", order_id=case.order_id, line_ids=[case.line_ids[1]])
    return {"order_id": case.order_id, "line_ids": list(case.line_ids[1:])}


def _assigned(s: Stage) -> dict[str, Any]:
    key = s.hold()
    s.run("holds.assign", hold_ids=[key], assignee="lea")
    return {"hold_ids": [key], "actor": s.lea}


def _own_session(s: Stage) -> dict[str, Any]:
    who, key = s.signed_in()
    return {"session_id": key, "actor": who}


def _manifest() -> dict[str, Any]:
    return {"file": "b.db", "manifest": {"rows": {}, "sha256": "x"}}


EXAMPLES: dict[str, Example] = {
    "approvals.approve": lambda s: {**s.asked(), "comment": "fine", "actor": s.cora},
    "approvals.reject": lambda s: {**s.asked(), "comment": "too much", "actor": s.cora},
    "approvals.withdraw": lambda s: {**s.asked(), "actor": s.ann},
    "approvals.expire_due": lambda s: (s.asked(), {"actor": WORKER, "now": NOON + timedelta(days=90)})[1],
    "backups.note_made": lambda s: _manifest(),
    "backups.note_proven": lambda s: {**_manifest(), "drift": 0},
    "integrity.note_verification": lambda s: {"checks": [{"name": "x", "checked": 1, "drift": 0}]},
    "calendars.add": lambda s: {"name": f"Desk {s.number()}", "tz": "Europe/Paris", "copy_of": s.rows.calendar},
    "calendars.set_exception": lambda s: {"calendar_id": s.rows.calendar, "on_day": "2026-12-24", "name": "Half day",
                                          "spans": [[480, 720]], "reason": "as every year"},
    "calendars.set_week": _week,
    "edits.apply": lambda s: s.edit(person("test"), "sales_order_line", s.at(world.confirmed).line_id, "note", "call"),
    "exception_cases.assign": lambda s: {"exception_id": s.case(), "assignee": "ann", "reason": "yours", "actor": s.lea},
    "exception_cases.start": lambda s: {"exception_id": s.case(), "actor": s.ann},
    "exception_cases.wait": lambda s: {"exception_id": s.working(), "waiting_on": "CUSTOMER", "next_action_at": NOON + HOUR,
                                       "actor": s.ann},
    "exception_cases.resume": lambda s: {"exception_id": s.waiting(), "answer": "here it is", "actor": s.ann},
    "exception_cases.escalate": lambda s: {"exception_id": s.working(), "reason": "too late", "actor": WORKER,
                                           "now": _shift(s, 41)},
    "exception_cases.resolve": lambda s: {"exception_id": s.working(), "resolution_code": "FIXED", "root_cause": "DATA",
                                          "reason": "mended", "actor": s.ann},
    "exception_cases.dismiss": lambda s: {"exception_id": s.case(), "reason": "false alarm", "actor": s.ann},
    "exception_cases.merge": lambda s: {"exception_id": s.case(), "parent_id": s.case(), "actor": s.lea},
    "exception_cases.note": lambda s: {"exception_id": s.working(), "text": "called", "actor": s.ann},
    "exception_cases.predicate_false": lambda s: {"exception_id": s.case(), "false_scans": 2, "actor": WORKER},
    "exception_cases.reopen": lambda s: {"exception_id": s.resolved(), "reason": "again", "actor": s.ann},
    "exception_cases.snooze": lambda s: {"exception_id": s.working(), "until": NOON + 2 * HOUR, "actor": s.ann},
    "holds.place": lambda s: {"scope": HoldScope.ORDER, "scope_ids": [s.at(world.confirmed).order_id],
                              "types": [HoldType.DATA, HoldType.CREDIT], "reason": "check it"},
    "holds.request": lambda s: {
        "scope": HoldScope.ORDER,
        "scope_ids": [s.at(world.confirmed).order_id],
        "types": [HoldType.CUSTOMER_REQUEST],
        "reason": "the customer asks",
        "actor": person("sam", Role.SALES),
    },
    "holds.assign": lambda s: {"hold_ids": [s.hold()], "assignee": "lea"},
    "holds.set_until": lambda s: {"hold_id": s.hold(HoldType.CUSTOMER_REQUEST), "until": NOON + 24 * HOUR,
                                  "reason": "until tomorrow"},
    "holds.start_review": _assigned,
    "holds.release": lambda s: {"hold_ids": [s.hold(status="REVIEW")], "reason": "mended", "actor": s.lea},
    "holds.refuse": lambda s: {"hold_ids": [s.hold(status="REVIEW")], "reason": "no way", "actor": s.lea},
    "holds.request_info": lambda s: {"hold_id": s.hold(status="REVIEW"), "question": "Which?", "channel": Channel.EMAIL,
                                     "actor": s.lea},
    "holds.reply": lambda s: {"hold_id": s.hold(status="WAITING"), "answer": "That one", "channel": Channel.EMAIL,
                              "actor": s.lea},
    "holds.auto_release": lambda s: {"hold_ids": [s.hold()], "reason": "data mended", "actor": WORKER},
    "holds.expire": lambda s: {"hold_ids": [s.hold(HoldType.CUSTOMER_REQUEST, until=NOON + HOUR)], "actor": WORKER,
                               "now": NOON + 2 * HOUR},
    "imports.commit": _amended,
    "imports.preview": _imported,
    "imports.preview_undo": _batch,
    "imports.replay": _held_row,
    "imports.undo": _batch,
    "invoices.post": _order(world.shipped),
    "lines.cancel": _line(world.confirmed, 5, reason="not wanted"),
    "lines.close": lambda s: {"line_id": _invoiced(s, paid=True).line_id},
    "lines.confirm": _line(world.checked, qty=Decimal(10), promised_on=world.FAR),
    "lines.pack": _line(world.released),
    "lines.reject": _line(world.checked, reason="end of life"),
    "lines.release": _second_line,
    "lines.report_short": _line(world.released, found=Decimal(3), reason="rest is damaged"),
    "lines.short_close": lambda s: {"line_id": _half_sent(s).line_id, "reason": "rest not wanted", "side": "CUSTOMER"},
    "master_data.add_customer_part": lambda s: {"customer_id": s.rows.customer, "part": f"P-{s.number()}", "sku": "BOLT-8"},
    "master_data.add_ship_to": lambda s: {"customer_id": s.rows.customer, "code": f"D{s.number()}",
                                          "given": {"name": "Second dock", "country": "DE"}},
    "master_data.add_site_parameters": lambda s: {"sku": "SKU-0", "site": "HAM"},
    "master_data.remove_customer_part": _with_part,
    "orders.enter": lambda s: {"customer_id": s.stock.customer_id, "lines": _new_lines(s), "po_no": f"PO-{s.number()}",
                               "ship_to_id": s.stock.ship_to_id, "currency": "EUR"},
    "orders.copy": _copied,
    "orders.submit": _order(world.draft),
    "orders.validate": _order(world.submitted),
    "orders.reject": _order(world.submitted, reason="unknown customer"),
    "orders.amend": _amend,
    "orders.release": _order(world.allocated),
    "orders.recall": _order(world.released, warehouse_confirmed=True, reason="wrong day"),
    "orders.cancel": _order(world.allocated, reason="not wanted"),
    "orders.short_close": lambda s: {"order_id": _half_sent(s).order_id, "reason": "rest not wanted", "side": "CUSTOMER"},
    "orders.settle": lambda s: {"order_id": _invoiced(s, paid=True).order_id},
    "orders.reopen": lambda s: {"order_id": _invoiced(s, paid=False).order_id, "reason": "one was broken",
                                "replacement": _new_lines(s)},
    **RUNS,
    "saved_views.save": lambda s: {"page": "orders", "name": "mine", "query": "q=1"},
    "saved_views.remove": _view,
    "sessions.start": lambda s: {**s.token(), "actor": s.ann},
    "sessions.end": _own_session,
    "sessions.end_others": _others,
    "shipments.ship": _order(world.packed, tracking_no="1Z"),
    "shipments.deliver": _sent,
    "stock.allocate": _order(world.confirmed),
    "stock.deallocate": _line(world.allocated, reason="needed elsewhere"),
    "stock.propose": _proposal,
    "stock.accept": _proposed,
    "stock.discard": _proposed,
    "stock.expire": _expired,
    "stock.pin": _reserved(world.allocated, reason="promised by hand"),
    "stock.unpin": _pinned,
    "stock.retract": _reserved(world.allocated, reason="needed elsewhere"),
    "stock.report_damage": _pinned,
    "undo.batch": _undone,
    "users.create": lambda s: {k: v for k, v in _user_change(s).items() if k not in ("user_id", "row_version")}
    | {"login": f"new{s.number()}", "password_hash": "x"},
    "users.change": _user_change,
    "users.activate": lambda s: _only_user(s, active=False),
    "users.deactivate": _only_user,
    "users.end_sessions": lambda s: (s.signed_in(), {"user_id": s.ann.user_id})[1],
    "users.change_password": _own_password,
    "users.reset_password": lambda s: {**_only_user(s), "password_hash": "z"},
}  # fmt: skip
"""What each command is called with; "actor" and "now" where they matter."""


IDLE = frozenset({"backups.note_made", "backups.note_proven", "integrity.note_verification", "imports.preview",
                  "imports.preview_undo"})  # fmt: skip
"""Commands that change no business row."""

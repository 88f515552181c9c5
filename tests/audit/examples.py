"""One example of every command that there is: what it needs, and the call itself, on one small world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert, select, text

from db.records import table_of
from db.tables import ExceptionCase, Reservation, Shipment
from domain.services.commands import REGISTRY
from domain.vocabulary.actor import Actor, service
from domain.vocabulary.order_entry import NewLine, NewQuantity
from domain.vocabulary.statuses import Channel, HoldScope, HoldType, Role, Severity, SignInMethod
from tests import lifecycle_world as world
from tests.acting import NOON, do, person
from tests.exchange.imports.extracts import profile, small
from tests.people import master_data, sign_up

ROW = "Z-{n},1,Northwind,BOLT,{qty},2.50,2026-07-01,,\n"
HOUR = timedelta(hours=1)
WORKER = service("worker")


class Stage:
    """The world in which commands run: stock, orders at any stage, people, master data."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rows = master_data(engine)
        self.ann = sign_up(engine, "ann", Role.ASSOC, email="ann@x.org")
        self.cora = sign_up(engine, "cora", Role.CREDIT)
        self.lea = sign_up(engine, "lea", Role.LEAD)
        sign_up(engine, "adam", Role.ADMIN)
        self.stock = world.fill(engine)
        self.count = 0

    def number(self) -> int:
        """Return a number that was not given before."""
        self.count += 1
        return self.count

    def run(self, called: str, actor: Actor | str = "test", /, **given: Any) -> Any:
        """Run a command by its name, as somebody with all roles unless `given` says who."""
        return do(self.engine, REGISTRY[called].service, **{"actor": actor, **given})

    def one(self, sql: str, **given: Any) -> Any:
        """Return one stored value."""
        with self.engine.connect() as connection:
            return connection.execute(text(sql), given).scalar_one()

    def version(self, table: str, key: int) -> int:
        """Return the version of a row."""
        column = f"{table if table != 'app_user' else 'user'}_id"
        return int(self.one(f"select row_version from {table} where {column} = :key", key=key))

    def at(self, make: Callable[..., world.Case], *quantities: int, **more: Any) -> world.Case:
        """Return an order brought to a stage."""
        return make(self.engine, self.stock, *quantities, po_no=f"PO-{self.number()}", **more)

    def reservations(self, case: world.Case) -> list[int]:
        """Return the reservations of an order's first line."""
        with self.engine.connect() as connection:
            wanted = select(Reservation.reservation_id).where(Reservation.line_id == case.line_id)
            return list(connection.execute(wanted).scalars())

    def hold(self, kind: HoldType = HoldType.DATA, status: str = "OPEN", **more: Any) -> int:
        """Return a hold on a confirmed order, placed by the sales desk, under review where wanted."""
        case = self.at(world.confirmed)
        key = int(self.run("holds.place", "placer", scope=HoldScope.ORDER, scope_ids=[case.order_id], types=[kind],
                           reason="check it", **more)["hold_ids"][0])  # fmt: skip
        if status != "OPEN":
            self.run("holds.assign", hold_ids=[key], assignee="lea")
            self.run("holds.start_review", self.lea, hold_ids=[key])
        if status == "WAITING":
            self.run("holds.request_info", self.lea, hold_id=key, question="Which dock?", channel=Channel.EMAIL)
        return key

    def case(self, **more: Any) -> int:
        """Return an open exception case."""
        number = self.number()
        given = {"type_code": "ORD-PRICE", "open_key": f"ORD-PRICE:x:{number}", "object_type": "sales_order",
                 "object_id": 1, "detected_at": NOON, "last_seen_at": NOON, "severity": Severity.S3,
                 "owner_role": "ASSOC", "due_at": NOON + 40 * HOUR, "summary": "price", "created_at": NOON,
                 "updated_at": NOON, **more}  # fmt: skip
        with self.engine.begin() as connection:
            made = connection.execute(insert(table_of(ExceptionCase)).values(**given))
            return int(made.inserted_primary_key[0])

    def working(self, **more: Any) -> int:
        """Return a case that ann works on."""
        key = self.case(**more)
        self.run("exception_cases.assign", self.lea, exception_id=key, assignee="ann", reason="yours")
        self.run("exception_cases.start", self.ann, exception_id=key)
        return key

    def waiting(self) -> int:
        """Return a case that waits."""
        key = self.working()
        self.run("exception_cases.wait", self.ann, exception_id=key, waiting_on="CUSTOMER", next_action_at=NOON + HOUR)
        return key

    def resolved(self) -> int:
        """Return a case that is resolved."""
        key = self.working()
        self.run("exception_cases.resolve", self.ann, exception_id=key, resolution_code="FIXED", root_cause="DATA",
                 reason="mended")  # fmt: skip
        return key

    def edit(self, actor: Actor, entity: str, key: int, field: str, new: Any) -> dict[str, Any]:
        """Return the call that edits a cell as it is stored now."""
        identity = {"customer": "customer_id", "sales_order_line": "line_id"}[entity]
        old = self.one(f"select {field} from {entity} where {identity} = :key", key=key)
        version = int(self.one(f"select row_version from {entity} where {identity} = :key", key=key))
        shown = str(Decimal(old) / 10_000) if field == "credit_limit" else old
        cell = {"entity": entity, "record_id": key, "field": field, "old": shown, "new": new, "row_version": version}
        return {"actor": actor, "edits": [cell], "reason": "as agreed"}

    def asked(self) -> dict[str, Any]:
        """Return a pending request for a credit limit."""
        limit = str(20_000 + 1_000 * self.number())
        answer = self.run("edits.apply", **self.edit(self.ann, "customer", self.rows.customer, "credit_limit", limit))
        key = int(answer["results"][0]["approval_id"])
        return {"approval_id": key, "row_version": self.version("approval", key)}

    def user(self, login: str = "") -> dict[str, Any]:
        """Return a user by key and version."""
        from domain.services.users import Rights

        key = self.run("users.create", login=login or f"user{self.number()}", name="Somebody", rights=Rights(Role.SALES),
                       password_hash="x")  # fmt: skip
        return {"user_id": int(key), "row_version": self.version("app_user", int(key))}

    def signed_in(self) -> tuple[Actor, int]:
        """Return somebody with a sign-in."""
        key = self.run("sessions.start", self.ann, **self.token())
        return self.ann, int(key)

    def token(self) -> dict[str, Any]:
        """Return what begins a sign-in."""
        return {"token_hash": f"hash {self.number()}", "method": SignInMethod.LOCAL, "ends_at": NOON + 8 * HOUR}


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
        key = connection.execute(select(Shipment.shipment_id).order_by(Shipment.shipment_id.desc()).limit(1)).scalar_one()
    assert case.stage() == "SHIPPED"
    return {"shipment_id": int(key), "delivered_on": NOON.date(), "received_by": "Dock"}


def _invoiced(s: Stage, *, paid: bool) -> world.Case:
    _ = s.at(world.shipped)
    given = _sent(s)
    s.run("shipments.deliver", **given)
    order = int(s.one("select max(order_id) from sales_order"))
    s.run("invoices.post", order_id=order)
    if paid:
        with s.engine.begin() as connection:
            connection.execute(text("update invoice set open_amount = 0, status = 'PAID' where order_id = :o"), {"o": order})
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
    return {"view_id": int(s.run("saved_views.save", page="orders", name=f"v{s.number()}", query="")), "row_version": 1}


def _user_change(s: Stage) -> dict[str, Any]:
    from domain.services.users import Rights

    return {**s.user(), "name": "Renamed", "rights": Rights(Role.LEAD, (Role.SALES,), ("C-1",), ("HAM",)), "team": "North"}


def _own_password(s: Stage) -> dict[str, Any]:
    login = f"own{s.number()}"
    key = s.user(login)["user_id"]
    return {"actor": Actor(login, frozenset({Role.SALES}), user_id=key), "seen_hash": "x", "password_hash": "y"}


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
    return {"order_id": s.at(world.confirmed).order_id, "po_no": f"PO-{s.number()}", "requested_on": world.FAR}


def _amend(s: Stage) -> dict[str, Any]:
    case = s.at(world.confirmed)
    return {"order_id": case.order_id, "quantities": [NewQuantity(case.line_id, Decimal(12))], "reason": "customer wants more"}


def _half_sent(s: Stage) -> world.Case:
    return s.at(world.shipped, 10, part=4)


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
    "holds.assign": lambda s: {"hold_ids": [s.hold()], "assignee": "lea"},
    "holds.set_until": lambda s: {"hold_id": s.hold(HoldType.CUSTOMER_REQUEST), "until": NOON + 24 * HOUR,
                                  "reason": "until tomorrow"},
    "holds.start_review": lambda s: (lambda key: (s.run("holds.assign", hold_ids=[key], assignee="lea"),
                                                  {"hold_ids": [key], "actor": s.lea})[1])(s.hold()),
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
    "lines.release": lambda s: (lambda c: {"order_id": c.order_id, "line_ids": list(c.line_ids)})(_second_line(s)),
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
    "saved_views.save": lambda s: {"page": "orders", "name": "mine", "query": "q=1"},
    "saved_views.remove": _view,
    "sessions.start": lambda s: {**s.token(), "actor": s.ann},
    "sessions.end": lambda s: (lambda who: {"session_id": who[1], "actor": who[0]})(s.signed_in()),
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
    "users.deactivate": lambda s: _only_user(s),
    "users.end_sessions": lambda s: (s.signed_in(), {"user_id": s.ann.user_id})[1],
    "users.change_password": _own_password,
    "users.reset_password": lambda s: {**_only_user(s), "password_hash": "z"},
}  # fmt: skip
"""What each command is called with; "actor" and "now" where they matter."""


def _second_line(s: Stage) -> world.Case:
    """Return an order in the pick, with a line that was allocated after its release."""
    case = s.at(world.confirmed, 5, 5)
    s.run("stock.allocate", order_id=case.order_id, line_ids=[case.line_ids[0]])
    s.run("orders.release", order_id=case.order_id)
    s.run("stock.allocate", order_id=case.order_id, line_ids=[case.line_ids[1]])
    return world.Case(case.engine, case.world, case.order_id, case.line_ids[1:])


IDLE = frozenset({"backups.note_made", "backups.note_proven", "integrity.note_verification", "imports.preview",
                  "imports.preview_undo"})  # fmt: skip
"""Commands that change no business row."""

"""The small world in which every command has its example."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert, select, text

from db.records import table_of
from db.tables import ExceptionCase, Reservation
from domain.services.commands import REGISTRY
from domain.vocabulary.actor import Actor, service
from domain.vocabulary.statuses import Channel, HoldScope, HoldType, Role, Severity, SignInMethod
from tests import lifecycle_world as world
from tests.acting import NOON, do
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
            self.run(
                "holds.request_info", self.lea, hold_id=key, question="Which dock?", channel=Channel.EMAIL
            )
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
        self.run(
            "exception_cases.wait",
            self.ann,
            exception_id=key,
            waiting_on="CUSTOMER",
            next_action_at=NOON + HOUR,
        )
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
        cell = {
            "entity": entity,
            "record_id": key,
            "field": field,
            "old": shown,
            "new": new,
            "row_version": version,
        }
        return {"actor": actor, "edits": [cell], "reason": "as agreed"}

    def asked(self) -> dict[str, Any]:
        """Return a pending request for a credit limit."""
        limit = str(20_000 + 1_000 * self.number())
        answer = self.run(
            "edits.apply", **self.edit(self.ann, "customer", self.rows.customer, "credit_limit", limit)
        )
        key = int(answer["results"][0]["approval_id"])
        return {"approval_id": key, "row_version": self.version("approval", key)}

    def user(self, login: str = "") -> dict[str, Any]:
        """Return a user by key and version."""
        from domain.services.access.users import Rights

        key = self.run("users.create", login=login or f"user{self.number()}", name="Somebody", rights=Rights(Role.SALES),
                       password_hash="x")  # fmt: skip
        return {"user_id": int(key), "row_version": self.version("app_user", int(key))}

    def signed_in(self) -> tuple[Actor, int]:
        """Return somebody with a sign-in."""
        key = self.run("sessions.start", self.ann, **self.token())
        return self.ann, int(key)

    def token(self) -> dict[str, Any]:
        """Return what begins a sign-in."""
        return {
            "token_hash": f"hash {self.number()}",
            "method": SignInMethod.LOCAL,
            "ends_at": NOON + 8 * HOUR,
        }

"""A small company with approvers of both levels, and its requests: what tests of approvals share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select

from db.tables import Approval, ApprovalStep, Customer, SkuSite
from domain.services.editing import edits
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import Role
from tests.acting import do
from tests.people import MasterData, master_data, sign_up


class Desk:
    """A small company: one who may only propose, approvers of both levels, and rows to change."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rows: MasterData = master_data(engine)
        self.ann = sign_up(engine, "ann", Role.ASSOC, email="ann@x.org")
        self.cora = sign_up(engine, "cora", Role.CREDIT)
        self.carl = sign_up(engine, "carl", Role.CREDIT)
        self.cleo = sign_up(engine, "cleo", Role.CONTROLLER)

    def edit(
        self, field: str, new: Any, actor: Actor, reason: str = "Larger order expected", **of: Any
    ) -> dict[str, Any]:
        entity, key = of.get("entity", "customer"), of.get("key", self.rows.customer)
        old = self.value(field, entity, key)
        cell = {"entity": entity, "record_id": key, "field": field, "old": old, "new": new, "row_version": 1}
        answer = do(self.engine, edits.apply, actor=actor, edits=[cell], reason=reason)
        return dict(answer["results"][0])

    def value(self, field: str, entity: str = "customer", key: int | None = None) -> Any:
        owner: Any = {"customer": Customer, "sku_site": SkuSite}[entity]
        with self.engine.connect() as connection:
            column = next(iter(owner.__table__.primary_key.columns))
            wanted = self.rows.customer if key is None else key
            found = connection.execute(select(owner.__table__.c[field]).where(column == wanted)).scalar()
        return str(found.normalize()) if isinstance(found, Decimal) else found

    def limit(self) -> Decimal:
        with self.engine.connect() as connection:
            found: Decimal = connection.execute(
                select(Customer.credit_limit).where(Customer.customer_id == self.rows.customer)
            ).scalar_one()
        return found

    def ask(self, new: str = "30000", actor: Actor | None = None) -> int:
        made = self.edit("credit_limit", new, actor or self.ann)
        assert made["outcome"] == "REQUESTED", made
        return int(made["approval_id"])

    def row(self, approval_id: int) -> Mapping[str, Any]:
        with self.engine.connect() as connection:
            statement = select(Approval.__table__).where(Approval.approval_id == approval_id)
            return dict(connection.execute(statement).mappings().one())

    def steps(self, approval_id: int) -> list[Mapping[str, Any]]:
        with self.engine.connect() as connection:
            statement = select(ApprovalStep.__table__).where(ApprovalStep.approval_id == approval_id)
            return [dict(row) for row in connection.execute(statement.order_by(ApprovalStep.step)).mappings()]

    def decide(self, which: Any, approval_id: int, actor: Actor, **more: Any) -> dict[str, Any]:
        version = more.pop("row_version", None) or self.row(approval_id)["row_version"]
        given = {"approval_id": approval_id, "row_version": version, "actor": actor, **more}
        return dict(do(self.engine, which, **given))

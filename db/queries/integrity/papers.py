"""Laws of documents and decisions: totals are sums, cases and approvals say one thing in all their columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, func, literal_column, or_, select

from db.queries.integrity.law import Law, Within, any_of, count, imported, known, n, one_of
from db.tables import (
    Approval,
    ApprovalStep,
    ExceptionCase,
    Invoice,
    InvoiceLine,
    SalesOrder,
    SalesOrderLine,
)
from domain.vocabulary.approvals import ApprovalStatus, Decision
from domain.vocabulary.statuses import ExceptionStatus

CLOSED_CASES = (
    ExceptionStatus.RESOLVED,
    ExceptionStatus.AUTO_RESOLVED,
    ExceptionStatus.DISMISSED,
    ExceptionStatus.MERGED,
)


def _invoice_total(within: Within) -> Select[Any]:
    total = (
        select(
            InvoiceLine.invoice_id,
            func.sum(known(InvoiceLine.amount)).label("net"),
            func.sum(known(InvoiceLine.tax)).label("tax"),
        )
        .where(within(InvoiceLine.invoice_id))
        .group_by(InvoiceLine.invoice_id)
        .subquery()
    )
    differs = any_of(
        n(Invoice.net) != total.c.net,
        n(Invoice.tax) != total.c.tax,
        n(Invoice.total) != n(Invoice.net) + known(Invoice.tax) + known(Invoice.freight),
    )
    return (
        select(Invoice.invoice_id)
        .join(total, total.c.invoice_id == Invoice.invoice_id)
        .where(within(Invoice.invoice_id), differs, ~imported(Invoice))
    )


def _order_total(within: Within) -> Select[Any]:
    line = SalesOrderLine
    total = (
        select(
            line.order_id,
            func.sum(known(line.net_amount)).label("total"),
            func.count(line.net_amount).label("valued"),
            func.count().label("lines"),
        )
        .where(within(line.order_id))
        .group_by(line.order_id)
        .subquery()
    )
    whole = total.c.valued == total.c.lines
    return (
        select(SalesOrder.order_id)
        .join(total, total.c.order_id == SalesOrder.order_id)
        .where(
            within(SalesOrder.order_id),
            whole,
            n(SalesOrder.total_net) != total.c.total,
            ~imported(SalesOrder),
        )
    )


def _open_case(within: Within) -> Select[Any]:
    case_ = ExceptionCase
    closed = one_of(case_.status, *CLOSED_CASES)
    return select(case_.exception_id).where(within(case_.exception_id), case_.open_key.is_(None) != closed)


def _approval(within: Within) -> Select[Any]:
    step = ApprovalStep

    def steps(word: Decision | None) -> Any:
        wanted = step.decision.is_(None) if word is None else one_of(step.decision, word)
        return func.sum(case((wanted, 1), else_=0))

    total = (
        select(
            step.approval_id,
            steps(None).label("left"),
            steps(Decision.APPROVED).label("approved"),
            steps(Decision.REJECTED).label("rejected"),
        )
        .where(within(step.approval_id))
        .group_by(step.approval_id)
        .subquery()
    )
    found = total.c
    left, approved, rejected = (func.coalesce(c, 0) for c in (found.left, found.approved, found.rejected))
    status = Approval.status
    waits = one_of(status, ApprovalStatus.REQUESTED, ApprovalStatus.PENDING)
    wrong = case(
        (waits, or_(left == 0, rejected > 0, Approval.decided_at.is_not(None))),
        (
            one_of(status, ApprovalStatus.APPROVED),
            or_(left > 0, rejected > 0, approved == 0, Approval.decided_at.is_(None)),
        ),
        (one_of(status, ApprovalStatus.REJECTED), or_(rejected != 1, Approval.decided_at.is_(None))),
        else_=literal_column("false"),
    )
    return (
        select(Approval.approval_id)
        .outerjoin(total, found.approval_id == Approval.approval_id)
        .where(within(Approval.approval_id), wrong)
    )


def _segregated(within: Within) -> Select[Any]:
    """Nobody decides what they asked for, nor two steps of one request, whatever the constraints were made to say."""
    step, other = ApprovalStep, ApprovalStep.__table__.alias("other")
    twice = (
        select(other.c.approval_step_id)
        .where(
            other.c.approval_id == step.approval_id,
            other.c.approved_by == step.approved_by,
            other.c.approval_step_id != step.approval_step_id,
        )
        .correlate(step.__table__)
        .exists()
    )
    own = step.approved_by == step.requested_by
    return select(step.approval_step_id).where(within(step.approval_step_id), or_(any_of(own), and_(twice)))


LAWS = (
    Law(
        "an invoice is the sum of its lines",
        "Net and tax of an invoice are the sums of its lines, and its total is net, tax and freight.",
        Invoice,
        {"invoice": frozenset({"net", "tax", "freight", "total"}), "invoice_line": frozenset({"amount", "tax", "invoice_id"})},
        _invoice_total,
        count(Invoice),
        {"invoice_line": "invoice_id"},
    ),
    Law(
        "an order total is the sum of its lines",
        "The value of an order is the sum of the values of its lines.",
        SalesOrder,
        {"sales_order": frozenset({"total_net"}), "sales_order_line": frozenset({"net_amount", "order_id"})},
        _order_total,
        count(SalesOrder),
        {"sales_order_line": "order_id"},
    ),
    Law(
        "one open case per key",
        "A case has a key while it is open and none after, so that its cause opens it once.",
        ExceptionCase,
        {"exception_case": frozenset({"open_key", "status"})},
        _open_case,
        count(ExceptionCase),
    ),
    Law(
        "an approval stands where its steps do",
        "A request waits while steps are undecided, is approved by all of them, and rejected by one.",
        Approval,
        {"approval": frozenset({"status", "decided_at"}), "approval_step": frozenset({"decision", "approval_id"})},
        _approval,
        count(Approval),
        {"approval_step": "approval_id"},
    ),
    Law(
        "nobody decides their own request",
        "No step of an approval was decided by who asked for it, and no person decided two steps.",
        ApprovalStep,
        {"approval_step": frozenset({"approved_by", "requested_by", "approval_id"})},
        _segregated,
        count(ApprovalStep),
    ),
)  # fmt: skip

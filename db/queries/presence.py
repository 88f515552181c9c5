"""Who looks at what right now."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, select

from db.tables import AppUser, Presence, SalesOrder, UserSession

MOST = 200


class Row(NamedTuple):
    """One heartbeat that is young enough."""

    name: str
    login: str
    object_id: int
    label: str | None
    since_at: datetime


def here(connection: Connection, *, object_type: str, since: datetime, besides: int) -> list[Row]:
    """Return the heartbeats of other sign-ins on objects of a kind, longest there first; orders with their number."""
    mine = select(UserSession.user_id).where(UserSession.session_id == besides).scalar_subquery()
    chosen = (
        select(AppUser.name, AppUser.login, Presence.object_id, SalesOrder.order_no, Presence.since_at)
        .join(UserSession, UserSession.session_id == Presence.session_id)
        .join(AppUser, AppUser.user_id == UserSession.user_id)
        .outerjoin(
            SalesOrder,
            and_(Presence.object_type == "sales_order", SalesOrder.order_id == Presence.object_id),
        )
        .where(
            Presence.object_type == object_type,
            Presence.seen_at >= since,
            UserSession.user_id != mine,
            UserSession.revoked_at.is_(None),
        )
        .order_by(Presence.since_at, Presence.presence_id)
        .limit(MOST)
    )
    return [Row(*row) for row in connection.execute(chosen)]

"""The timeline of every order: what happened, when, by whom."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.vocabulary.units import MISSING
from seed.demo.book import Book
from seed.demo.documents import Written
from seed.demo.parties import Parties
from seed.demo.world import NEVER, Ints, World


def write_timeline(
    world: World, parties: Parties, book: Book, written: Written, holds: list[dict[str, Any]]
) -> None:
    """Write order events from the documents, oldest first."""
    header = world.sheets["sales_order"][0][0]
    shipment = world.sheets["shipment"][0][0]
    invoice = world.sheets["invoice"][0][0]
    owner = [parties.owner[c] for c in book.orders["customer"].tolist()]
    first = np.unique(written.parts.shipment, return_index=True)[1]
    travelling = book.lines["order"][written.parts.line[first]]
    numbers = shipment["shipment_no"]
    tracks = [f'{{"shipment": "{number}"}}' for number in numbers]
    collected: list[tuple[str, Ints, Any, Any, Any, Any]] = []

    def add(kind: str, order: Ints, at: Any, actor: Any, *, line: Any = None, payload: Any = None) -> None:
        kept = np.flatnonzero(np.asarray(at) != MISSING)
        if len(kept):
            pick = kept.tolist()
            collected.append(
                (
                    kind,
                    order[kept],
                    np.asarray(at)[kept],
                    [actor[i] for i in pick] if isinstance(actor, list) else [actor] * len(pick),
                    [None] * len(pick) if line is None else [int(line[i]) for i in pick],
                    [None] * len(pick) if payload is None else [payload[i] for i in pick],
                )
            )

    every = written.order_id
    channels = [f'{{"channel": "{c}"}}' for c in header["channel"]]
    add("OrderReceived", every, header["received_at"], "system", payload=channels)
    add("OrderEntered", every, header["entered_at"], owner)
    add("OrderAcknowledged", every, header["acknowledged_at"], "system")
    add("OrderReleased", every, header["released_at"], owner)
    add("ShipmentDispatched", every[travelling], shipment["goods_issue_at"], "system", payload=tracks)
    add("ShipmentDelivered", every[travelling], shipment["delivered_at"], "system", payload=tracks)
    bills = [f'{{"invoice": "{number}"}}' for number in invoice["number"]]
    add("InvoicePosted", invoice["order_id"], invoice["created_at"], "bianca.rossetti", payload=bills)
    cancelled = np.flatnonzero(book.lines["cancelled"] != NEVER)
    of = book.lines["order"][cancelled]
    add("LineCancelled", every[of], world.at(book.lines["cancelled"][cancelled], 19.0),
        [owner[o] for o in of.tolist()], line=written.line_id[cancelled])  # fmt: skip
    back = np.flatnonzero(book.lines["ret_at"] != NEVER)
    of = book.lines["order"][back]
    add("ReturnReceived", every[of], world.at(book.lines["ret_at"][back], 17.0), "sora.ishikawa",
        line=written.line_id[back])  # fmt: skip
    for columns, rows in world.sheets["date_change"]:
        if not rows:
            continue
        kind = "PromiseChanged" if columns["field"] == "promised_on" else "RequestChanged"
        of = book.lines["order"][columns["line_id"] - written.line_id[0]]
        add(kind, every[of], columns["changed_at"], columns["actor"], line=columns["line_id"])
    held = np.array([hold["order_id"] for hold in holds], dtype=np.int64)
    words = [f'{{"hold": "{hold["type"]}"}}' for hold in holds]
    add("HoldPlaced", held, np.array([hold["placed_at"] for hold in holds]), "system", payload=words)
    _write(world, collected)


def _write(world: World, collected: list[tuple[str, Ints, Any, Any, Any, Any]]) -> None:
    order = np.concatenate([part[1] for part in collected])
    at = np.concatenate([part[2] for part in collected])
    rank = np.argsort(at, kind="stable")
    kinds = np.concatenate([np.full(len(part[1]), part[0], dtype=object) for part in collected])
    actor = np.array([a for part in collected for a in part[3]], dtype=object)[rank]
    line = np.array([a for part in collected for a in part[4]], dtype=object)[rank]
    payload = np.array([a for part in collected for a in part[5]], dtype=object)[rank]
    world.put(
        "order_event",
        len(order),
        event_id=world.keys("order_event", len(order)),
        order_id=order[rank],
        line_id=line.tolist(),
        at=at[rank],
        type=kinds[rank].tolist(),
        actor=actor.tolist(),
        human=(actor != "system").tolist(),
        payload=payload.tolist(),
    )

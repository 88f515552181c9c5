"""Master data on both databases: calendars, new rows, and edits that become requests."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from db.queries import approvals as approval_queries
from db.queries import calendars as queries
from db.queries import master_data as lists
from db.queries.master_data import Wanted
from db.tables import Approval, AuditLog, CalendarWindow, Customer, CustomerSku, ShipTo, Site, SkuSite
from db.unit_of_work import reading
from domain.services import calendar_changes, master_data
from domain.services.approving import approval_desk, approvals
from domain.services.editing import edits
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalStatus
from domain.vocabulary.errors import Conflict, Denied, DomainError, NotFound
from domain.vocabulary.statuses import Role
from tests.acting import do
from tests.people import NOON, MasterData, sign_up
from tests.people import master_data as fill


@pytest.fixture
def rows(engine: Engine) -> MasterData:
    return fill(engine)


@pytest.fixture
def lead(engine: Engine) -> Actor:
    return sign_up(engine, "lena", Role.LEAD)


@pytest.fixture
def ann(engine: Engine) -> Actor:
    return sign_up(engine, "ann", Role.ASSOC)


WEEK = [[[480, 1020]]] * 5 + [[], []]
LONGER = [[[420, 720], [780, 1200]], *WEEK[1:]]


def _week(engine: Engine, key: int) -> Any:
    with engine.connect() as connection:
        return [[list(span) for span in day] for day in queries.week_of(connection, key)]


def test_a_lead_changes_the_week_at_once_and_windows_that_stay_are_not_touched(
    engine: Engine, rows: MasterData, lead: Actor
) -> None:
    with engine.connect() as connection:
        before = set(
            connection.execute(select(CalendarWindow.window_id).where(CalendarWindow.weekday > 0)).scalars()
        )
    answer = do(
        engine, calendar_changes.set_week, actor=lead, calendar_id=rows.calendar, week=LONGER, seen=WEEK
    )
    assert answer["outcome"] == "SAVED"
    assert _week(engine, rows.calendar) == LONGER
    with engine.connect() as connection:
        after = set(
            connection.execute(select(CalendarWindow.window_id).where(CalendarWindow.weekday > 0)).scalars()
        )
        told = connection.execute(
            select(AuditLog.old, AuditLog.new).where(AuditLog.object_type == "calendar_window")
        ).all()
    assert before == after
    assert sorted((old is None, new is None) for old, new in told) == [
        (False, True), (True, False), (True, False),
    ]  # fmt: skip


def test_a_week_that_somebody_else_changed_is_a_conflict(
    engine: Engine, rows: MasterData, lead: Actor
) -> None:
    do(engine, calendar_changes.set_week, actor=lead, calendar_id=rows.calendar, week=LONGER, seen=WEEK)
    with pytest.raises(Conflict, match="since you opened"):
        do(engine, calendar_changes.set_week, actor=lead, calendar_id=rows.calendar, week=WEEK, seen=WEEK)
    same = do(
        engine, calendar_changes.set_week, actor=lead, calendar_id=rows.calendar, week=LONGER, seen=LONGER
    )
    assert same["outcome"] == "UNCHANGED"


@pytest.mark.parametrize(
    ("week", "code"),
    [
        ([[[480, 700], [600, 900]], *WEEK[1:]], "calendar.window"),
        ([[[700, 480]], *WEEK[1:]], "calendar.window"),
        ([[[480, 1441]], *WEEK[1:]], "calendar.window"),
        (WEEK[:6], "calendar.week"),
    ],
)
def test_a_week_that_cannot_be_is_refused(
    engine: Engine, rows: MasterData, lead: Actor, week: Any, code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        do(engine, calendar_changes.set_week, actor=lead, calendar_id=rows.calendar, week=week, seen=WEEK)
    assert refused.value.code == code
    assert _week(engine, rows.calendar) == WEEK


def test_who_may_only_propose_asks_for_a_week_and_the_lead_decides(
    engine: Engine, rows: MasterData, lead: Actor, ann: Actor
) -> None:
    asked = do(
        engine, calendar_changes.set_week, actor=ann, calendar_id=rows.calendar, week=LONGER, seen=WEEK,
        reason="Late trucks on Mondays",
    )  # fmt: skip
    assert asked["outcome"] == "REQUESTED"
    assert _week(engine, rows.calendar) == WEEK
    with engine.connect() as connection:
        told = connection.execute(select(Approval.change)).scalar_one()
        marks = approval_queries.pending_cells(connection, entity="calendar")
    assert json.loads(told)["says"][-1] == ["Open per week", "45 h", "48 h"]
    assert [mark.record_id for mark in marks] == [rows.calendar]
    answer = do(engine, approvals.approve, actor=lead, approval_id=asked["approval_id"], row_version=2)
    assert answer["status"] == "APPROVED"
    assert _week(engine, rows.calendar) == LONGER


def test_a_proposed_week_is_void_when_the_week_changed(
    engine: Engine, rows: MasterData, lead: Actor, ann: Actor
) -> None:
    asked = do(
        engine,
        calendar_changes.set_week,
        actor=ann,
        calendar_id=rows.calendar,
        week=LONGER,
        seen=WEEK,
        reason="x",
    )
    shorter = [[[480, 900]], *WEEK[1:]]
    do(engine, calendar_changes.set_week, actor=lead, calendar_id=rows.calendar, week=shorter, seen=WEEK)
    answer = do(engine, approvals.approve, actor=lead, approval_id=asked["approval_id"], row_version=2)
    assert answer["status"] == "SUPERSEDED"
    assert _week(engine, rows.calendar) == shorter


def test_exceptions_are_set_changed_and_removed(engine: Engine, rows: MasterData, lead: Actor) -> None:
    common = {"actor": lead, "calendar_id": rows.calendar, "on_day": "2026-05-01"}
    do(engine, calendar_changes.set_exception, name="Labour Day", **common)
    do(engine, calendar_changes.set_exception, name="Labour Day", spans=[[480, 720]], **common)
    with engine.connect() as connection:
        there = {one.on_day: one for one in queries.exceptions_of(connection, rows.calendar)}
    assert (there[date(2026, 5, 1)].name, there[date(2026, 5, 1)].spans) == ("Labour Day", ((480, 720),))
    do(engine, calendar_changes.set_exception, name="", remove=True, **common)
    with pytest.raises(NotFound):
        do(engine, calendar_changes.set_exception, name="", remove=True, **common)
    with pytest.raises(DomainError, match="needs a name"):
        do(engine, calendar_changes.set_exception, name=" ", **common)
    with engine.connect() as connection:
        assert [one.name for one in queries.exceptions_of(connection, rows.calendar)] == ["Christmas"]


def test_the_preview_counts_hours_and_users(engine: Engine, rows: MasterData) -> None:
    texts = ("07:00-12:00, 13:00-20:00", *["08:00-17:00"] * 4, "", "")
    with reading(engine) as unit:
        found = calendar_changes.preview(
            uow=unit, calendar_id=rows.calendar, texts=texts, today=date(2026, 12, 21)
        )
        assert (found.week_before, found.week_after, found.changed) == ("45 h", "48 h", True)
        # Four weeks: 20 working days less Christmas; four longer Mondays.
        assert (found.ahead_before, found.ahead_after) == ("171 h", "183 h")
        assert dict(found.uses)["customer"] == 1
        assert dict(found.uses)["site"] == 1
        with pytest.raises(DomainError, match="Monday"):
            calendar_changes.preview(
                uow=unit, calendar_id=rows.calendar, texts=("8-5", *texts[1:]), today=date(2026, 12, 21)
            )


def test_a_new_calendar_copies_hours(engine: Engine, rows: MasterData, lead: Actor, ann: Actor) -> None:
    made = do(
        engine, calendar_changes.add, actor=lead, name="Lyon desk", tz="Europe/Paris", copy_of=rows.calendar
    )
    assert _week(engine, made) == WEEK
    with pytest.raises(Conflict):
        do(engine, calendar_changes.add, actor=lead, name="Lyon  desk", tz="Europe/Paris")
    with pytest.raises(DomainError, match="IANA"):
        do(engine, calendar_changes.add, actor=lead, name="Nowhere", tz="CET+1")
    with pytest.raises(Denied):
        do(engine, calendar_changes.add, actor=ann, name="Other", tz="UTC")


def test_a_ship_to_is_added_once_and_checked(engine: Engine, rows: MasterData, ann: Actor) -> None:
    given = {"name": "North dock", "country": "DE", "tz": "Europe/Berlin", "city": " Hamburg  Altona "}
    key = do(engine, master_data.add_ship_to, actor=ann, customer_id=rows.customer, code="D2", given=given)
    with engine.connect() as connection:
        made = connection.execute(select(ShipTo.city, ShipTo.code).where(ShipTo.ship_to_id == key)).one()
    assert tuple(made) == ("Hamburg Altona", "D2")
    with pytest.raises(Conflict, match="already"):
        do(engine, master_data.add_ship_to, actor=ann, customer_id=rows.customer, code="D2", given=given)
    for wrong in ({"country": "Germany"}, {"tz": "+01:00"}, {"name": ""}):
        with pytest.raises(DomainError) as refused:
            do(
                engine, master_data.add_ship_to, actor=ann, customer_id=rows.customer, code="D3",
                given={**given, **wrong},
            )  # fmt: skip
        assert refused.value.fix
    bounded = Actor("bo", frozenset({Role.ASSOC}), accounts=frozenset({rows.other}))
    with pytest.raises(Denied):
        do(engine, master_data.add_ship_to, actor=bounded, customer_id=rows.customer, code="D4", given=given)


def test_part_numbers_come_and_go(engine: Engine, rows: MasterData, ann: Actor) -> None:
    add = {"actor": ann, "customer_id": rows.customer}
    key = do(engine, master_data.add_customer_part, part="NW-77", sku="BOLT-8", **add)
    with pytest.raises(Conflict):
        do(engine, master_data.add_customer_part, part="NW-77", sku="BOLT-8", **add)
    with pytest.raises(NotFound, match="NUT-9"):
        do(engine, master_data.add_customer_part, part="NW-78", sku="NUT-9", **add)
    with engine.connect() as connection:
        assert [(part.part, part.sku) for part in lists.parts(connection, customer_id=rows.customer)] == [
            ("NW-77", "BOLT-8")
        ]
    with pytest.raises(Conflict):
        do(engine, master_data.remove_customer_part, actor=ann, customer_sku_id=key, row_version=2)
    do(engine, master_data.remove_customer_part, actor=ann, customer_sku_id=key, row_version=1)
    with engine.connect() as connection:
        assert connection.execute(select(CustomerSku.customer_sku_id)).all() == []


def test_site_parameters_start_empty_and_once(engine: Engine, rows: MasterData) -> None:
    planner = sign_up(engine, "pia", Role.PLAN)
    with engine.begin() as connection:
        stamps = {
            "created_at": NOON,
            "created_by": "x",
            "updated_at": NOON,
            "updated_by": "x",
            "row_version": 1,
        }
        connection.execute(insert(Site).values(source="TOWER", code="LYO", name="Lyon", **stamps))
    key = do(engine, master_data.add_site_parameters, actor=planner, sku="BOLT-8", site="LYO")
    with engine.connect() as connection:
        chosen = select(SkuSite.safety_stock, SkuSite.reorder_point).where(SkuSite.sku_site_id == key)
        assert tuple(connection.execute(chosen).one()) == (0, None)
    with pytest.raises(Conflict):
        do(engine, master_data.add_site_parameters, actor=planner, sku="BOLT-8", site="LYO")
    for sku, site in (("NUT", "HAM"), ("BOLT-8", "XXX")):
        with pytest.raises(NotFound):
            do(engine, master_data.add_site_parameters, actor=planner, sku=sku, site=site)


@pytest.mark.parametrize(
    ("new", "outcome"),
    [
        ("1200", "SAVED"),
        ("1200.001", "REQUESTED"),
        ("800", "SAVED"),
        ("799.999", "REQUESTED"),
        ("1600", "REFUSED"),
    ],
)
def test_a_planner_changes_safety_stock_by_a_fifth_alone(
    engine: Engine, rows: MasterData, lead: Actor, new: str, outcome: str
) -> None:
    planner = sign_up(engine, "pia", Role.PLAN)
    cell = {
        "entity": "sku_site",
        "record_id": rows.sku_site,
        "field": "safety_stock",
        "old": "1000",
        "new": new,
    }
    answer = do(engine, edits.apply, actor=planner, edits=[cell], reason="Longer lead time")
    assert answer["results"][0]["outcome"] == outcome
    with engine.connect() as connection:
        now = connection.execute(select(SkuSite.safety_stock)).scalar_one()
    assert now == (Decimal(new) if outcome == "SAVED" else 1000)


def test_many_small_steps_are_one_big_one(engine: Engine, rows: MasterData, lead: Actor) -> None:
    planner = sign_up(engine, "pia", Role.PLAN)

    def step(old: str, new: str, hours: int) -> str:
        cell = {
            "entity": "sku_site",
            "record_id": rows.sku_site,
            "field": "safety_stock",
            "old": old,
            "new": new,
        }
        at = NOON + timedelta(hours=hours)
        answer = do(engine, edits.apply, actor=planner, edits=[cell], reason="Longer lead time", now=at)
        return str(answer["results"][0]["outcome"])

    assert step("1000", "1150", 0) == "SAVED"
    assert step("1150", "1200", 1) == "SAVED"
    assert step("1200", "1201", 2) == "REQUESTED"
    assert step("1200", "1000", 3) == "SAVED"
    assert step("1000", "1200", 4) == "SAVED"
    assert step("1200", "1400", 30) == "SAVED"


def test_a_batch_saves_what_is_plain_and_asks_for_what_is_sensitive(
    engine: Engine, rows: MasterData, ann: Actor
) -> None:
    sign_up(engine, "cora", Role.CREDIT)
    sign_up(engine, "mia", Role.MDM)
    cells = [
        {"entity": "customer", "record_id": rows.customer, "field": name, "old": old, "new": new}
        for name, old, new in (
            ("segment", None, "OEM"), ("payment_terms", "NET30", "NET45"), ("tier", "2", "1"), ("country", None, "XX"),
        )
    ]  # fmt: skip
    answer = do(engine, edits.apply, actor=ann, edits=cells, partial=True, reason="Yearly contract")
    assert [row["outcome"] for row in answer["results"]] == ["SAVED", "REQUESTED", "REQUESTED", "REFUSED"]
    with engine.connect() as connection:
        chosen = select(Customer.segment, Customer.payment_terms, Customer.tier, Customer.country)
        assert tuple(connection.execute(chosen.where(Customer.customer_id == rows.customer)).one()) == (
            "OEM", "NET30", 2, None,
        )  # fmt: skip
        marks = approval_queries.pending_cells(connection, entity="customer")
    assert [(mark.field, mark.old, mark.new) for mark in marks] == [
        ("payment_terms", "NET30", "NET45"), ("tier", "2", "1"),
    ]  # fmt: skip
    assert marks[0].text == "Payment terms: NET30 → NET45, waiting for Credit, asked by ann"


def test_lists_filter_in_sql(engine: Engine, rows: MasterData) -> None:
    with engine.connect() as connection:
        found = lists.rows(connection, entity="customer", wanted=Wanted("north c-1", (("tier", "2"),)))
        assert list(found["code"]) == ["C-1"]
        assert lists.count(connection, entity="customer", wanted=Wanted("north contoso")) == 0
        assert lists.count(connection, entity="customer", wanted=Wanted(key=rows.other)) == 1
        assert lists.options(connection, entity="customer", name="tier") == ["2"]
        for entity in ("customer", "ship_to", "sku", "sku_site", "site"):
            all_of_it = lists.rows(connection, entity=entity, wanted=Wanted())
            assert len(all_of_it) == lists.count(connection, entity=entity, wanted=Wanted()) > 0


def test_the_desk_shows_what_concerns_each(engine: Engine, rows: MasterData, ann: Actor) -> None:
    cora = sign_up(engine, "cora", Role.CREDIT, limit="25000")
    sign_up(engine, "carl", Role.CREDIT)
    cell = {
        "entity": "customer",
        "record_id": rows.customer,
        "field": "credit_limit",
        "old": "20000",
        "new": "30000",
    }
    do(engine, edits.apply, actor=ann, edits=[cell], reason="More")

    def seen(actor: Actor, which: Any = approval_desk.waiting) -> list[Any]:
        with reading(engine) as unit:
            return list(which(uow=unit, actor=actor, now=NOON))

    assert seen(cora) == []
    carl = Actor("carl", frozenset({Role.CREDIT}))
    (item,) = seen(carl)
    assert [(offer.event, offer.allowed) for offer in item.offers] == [
        ("approve_last", True), ("reject", True), ("withdraw", False),
    ]  # fmt: skip
    assert seen(ann) == []
    (own,) = seen(ann, approval_desk.asked)
    assert [offer.event for offer in own.offers if offer.allowed] == ["withdraw"]
    assert own.waits == "Waits for Credit: Carl."
    assert seen(Actor("carl", carl.roles, accounts=frozenset({rows.other}))) == []
    do(
        engine,
        approvals.reject,
        actor=carl,
        approval_id=1,
        row_version=item.request.row_version,
        comment="No",
    )
    (done,) = seen(cora, approval_desk.decided)
    assert done.request.status is ApprovalStatus.REJECTED
    assert seen(Actor("quinn", frozenset({Role.QA})), approval_desk.decided) == []
    assert len(seen(ann, approval_desk.decided)) == 1

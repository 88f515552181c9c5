"""Extracts of invented companies with profiles written from the documentation alone."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

import xlsxwriter
from sqlalchemy import Engine

from domain.exchange.imports.profile import Profile, find, load
from domain.exchange.imports.replay import replay
from tests.acting import do
from tests.exchange.imports.extracts import NOW, bundle, commit, rows

COMPANIES = Path(__file__).parent / "companies"
NORDFISK = {
    "hode_0326.txt": (
        "Ordreliste mars||||||\nOrdrenr|Kundenr|Kundenavn|Valuta|Ordreart|Sperre|Ordredato\n"
        "0000004711|K9|Sjømat Ås|NOK|SALG|X|02.03.2026\n0000004712|K7|Fisk & Sønn|NOK|SALG||03.03.2026\n"
        "0000004713|K7|Fisk & Sønn|NOK|TILBUD||03.03.2026\n"
    ),
    "linje_0326.txt": (
        "Ordrenr|Linje|Varenr|Antall|Pris|Prisenhet|Lovet dato|Status\n"
        "4711|10.0|000815|-1.200,5|250,00|100|24.03.2026|\n4711|20|004712|-3|9,50|1|uavklart|\n"
        "4712|10|000815|-5||1|00.00.0000|K\n9999|10|000815|-5|1,00|1|24.03.2026|\n"
    ),
    "pakkseddel_0326.txt": (
        "Seddel|Ref ordre|Ref linje|Levert|Sendt|Mottatt\n"
        "P1|004711|000010|1.000|20.03.2026|22.03.2026\nP2|004711|000010|200,5|24.03.2026|\n"
    ),
}
RANCHO = {
    "open_orders.csv": (
        "SO No.,Ln,Rev,Bill To,Plant,Part Number,Qty Ord,Qty Shp,Ext Price,Entered,Due,Ship Complete,Hold Code\n"
        '7,1,1,Ajax,01,00042,10,-0-,"$1,250.00",03/02/2026 11:30 PM,04/01/2026,Yes,\n'
        '7,1,2,Ajax,01,00042,12,2,"$1,500.00",03/02/2026 11:30 PM,04/03/2026,Yes,\n'
        "7,2,1,Ajax,02,=1+1,1,n/a,($20.00),03/02/2026 11:30 PM,04/01/2026,No,CREDIT\n"
        "8,1,1,Birch,09,00042,1,1,5.00,03/03/2026 08:00 AM,02/30/2026,No,XX\n"
    )
}


def _profile(name: str) -> Profile:
    return find(str(COMPANIES / f"{name}.yaml"), COMPANIES)


def test_three_files_with_padded_keys_decimal_commas_and_a_price_per_hundred(engine: Engine) -> None:
    report = commit(engine, bundle(_profile("nordfisk"), NORDFISK))
    assert report["file"] == "linje_0326.txt"
    assert (report["rows"], report["accepted"], report["quarantined"]) == (4, 3, 1)
    assert report["files"]["hode_0326.txt"]["skipped"] == {"filtered": 1}
    assert [(p["row"], p["rule"]) for p in report["problems"]] == [(5, "orphan_row")]
    assert report["warnings"]["promise_open"] == 1
    assert report["warnings"]["no_price"] == 1
    assert report["warnings"]["title_row"] == 1
    told = (
        "select o.order_no, l.line_no, s.sku, qty_ordered, qty_shipped, qty_delivered, net_price, net_amount, promised_on, "
        "l.stage from sales_order_line l join sales_order o using (order_id) join sku s using (sku_id) order by 1, 2"
    )
    assert rows(engine, told) == [
        (
            "0000004711",
            "10",
            "000815",
            1_200_500,
            1_200_500,
            1_000_000,
            25_000,
            30_012_500,
            20_536,
            "SHIPPED",
        ),
        ("0000004711", "20", "004712", 3_000, 0, 0, 95_000, 285_000, None, "NEW"),
        ("0000004712", "10", "000815", 5_000, 0, 0, None, None, None, "CANCELLED"),
    ]
    assert rows(engine, "select name from customer where code = 'K9'") == [("Sjømat Ås",)]
    assert rows(engine, "select type, reason from hold") == [("CREDIT", "Sperre X")]
    assert commit(engine, bundle(_profile("nordfisk"), NORDFISK))["batch_id"] is None


def test_the_same_without_packing_slips_leaves_shipped_unknown(engine: Engine) -> None:
    given = {name: text for name, text in NORDFISK.items() if not name.startswith("pakk")}
    report = commit(engine, bundle(_profile("nordfisk"), given))
    assert report["accepted"] == 3
    assert rows(engine, "select distinct qty_shipped, qty_delivered from sales_order_line") == [(None, None)]
    assert "shipment" in report["unknown_fields"]


def test_deliveries_of_a_later_file_add_to_the_earlier_ones(engine: Engine) -> None:
    profile = _profile("nordfisk")
    head, first, second = NORDFISK["pakkseddel_0326.txt"].splitlines()
    commit(engine, bundle(profile, {**NORDFISK, "pakkseddel_0326.txt": f"{head}\n{first}\n"}))
    rest = {name: text for name, text in NORDFISK.items() if not name.startswith("pakk")}
    later = commit(engine, bundle(profile, {**rest, "pakkseddel_0426.txt": f"{head}\n{second}\n"}))
    assert later["amended"] == 1
    assert rows(
        engine, "select qty_shipped from sales_order_line where line_no = '10' and qty_shipped > 0"
    ) == [(1_200_500,)]


def test_a_flat_file_with_revisions_us_dates_and_signs(engine: Engine) -> None:
    report = commit(engine, bundle(_profile("rancho"), RANCHO))
    assert (report["rows"], report["accepted"], report["unchanged"], report["quarantined"]) == (4, 2, 1, 1)
    assert [(p["row"], p["column"], p["value"]) for p in report["problems"]] == [(5, "Due", "02/30/2026")]
    told = (
        "select line_no, k.sku, t.code, qty_ordered, qty_shipped, net_amount, promised_on, entered_on from sales_order_line l "
        "join sku k using (sku_id) left join site t using (site_id) order by 1"
    )
    assert rows(engine, told) == [
        ("1", "00042", "DALLAS", 12_000, 2_000, 15_000_000, 20_546, 20_514),
        ("2", "=1+1", "RENO", 1_000, None, -200_000, 20_544, 20_514),
    ]
    # 11:30 PM in Chicago is the next day in UTC; the instant is kept, the line's day is the company's.
    assert rows(engine, "select entered_at, ship_complete, total_net from sales_order")[0][0] == 1_772_515_800
    assert rows(engine, "select type from hold") == [("CREDIT",)]


def test_one_workbook_holds_the_whole_bundle(engine: Engine) -> None:
    chosen = load(
        """
profile: book
source: BOOK
files:
  heads: {sheet: Orders, key: [no], columns: {no: {header: No, type: key}, customer: Customer}}
  lines: {match: ["Positions"], key: [no, pos], join: {heads: no}, columns: {no: {header: No, type: key}, pos: {header: Pos, type: key}, item: {header: Item, type: key}, qty: {header: Qty, type: number}, due: {header: Due, type: date}}}
records:
  order: {from: heads, fields: {order_no: no, customer: customer}}
  line: {from: lines, fields: {order_no: no, line_no: pos, sku: item, qty_ordered: qty, promised_on: due}}
""",
        name="book.yaml",
    )
    content = BytesIO()
    book = xlsxwriter.Workbook(content)
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    notes, heads, lines = (book.add_worksheet(name) for name in ("Read me", "Orders", "Positions"))
    notes.write_column(0, 0, ["Order book", "made by hand"])
    for row, cells in enumerate([["No", "Customer"], [7, "Acme"]]):
        heads.write_row(row, 0, cells)
    for row, cells in enumerate(
        [["No", "Pos", "Item", "Qty", "Due"], [7, 10, "00012", 2.5], ["0007", 20, 4006381333931, "x"]]
    ):
        lines.write_row(row, 0, cells)
    lines.write_datetime(1, 4, date(2026, 3, 25), day)
    book.close()
    report = commit(engine, bundle(chosen, {"book.xlsx": content.getvalue()}))
    assert (report["accepted"], report["quarantined"]) == (1, 1)
    assert rows(engine, "select line_no, qty_ordered, promised_on from sales_order_line") == [
        ("10", 2_500, 20_537)
    ]
    held = rows(engine, "select quarantine_id from quarantine_row")[0][0]
    told = do(engine, replay, profile=chosen, corrections={held: {"Qty": "3"}}, now=NOW, actor="Ann")
    assert told["accepted"] == 1, told["reports"][0]["problems"]
    # The other line's date was a date cell: mapped again from its landed row it is still that day.
    assert rows(engine, "select line_no, qty_ordered, promised_on from sales_order_line order by 1") == [
        ("10", 2_500, 20_537),
        ("20", 3_000, None),
    ]

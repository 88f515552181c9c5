"""Traps of real extracts (imports.md 4), each in a small hand-written file of that shape."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from domain.exchange.imports.profile import Profile
from tests.exchange.imports.extracts import bundle, commit, profile, rows, small

SAP = """
profile: sap_like
source: {system: SAPLIKE, tz: Europe/Berlin, decimal: ".", dates: ["%d.%m.%Y", "%Y-%m-%d", "%Y%m%d"], null_dates: ["00000000"]}
files:
  VBAK: {match: ["VBAK*"], key: [VBELN], columns: {VBELN: {type: key, normalise: [alpha]}, KUNNR: {type: key}, GBSTK: , NETWR: {type: number}, INCO1: }}
  VBAP:
    match: ["VBAP*"]
    key: [VBELN, POSNR]
    join: {VBAK: VBELN}
    columns: {VBELN: {type: key, normalise: [alpha]}, POSNR: {type: key, normalise: [int]}, MATNR: {type: key}, KWMENG: {type: number}, NETPR: {type: number}, KPEIN: {type: number}, ABGRU: }
  VBEP:
    match: ["VBEP*"]
    required: false
    key: [VBELN, POSNR, ETENR]
    join: {VBAP: [VBELN, POSNR]}
    columns: {VBELN: {type: key}, POSNR: {type: key, normalise: [int]}, ETENR: {type: number}, BMENG: {type: number}, EDATU: {type: date}}
  LIPS:
    match: ["LIPS*"]
    required: false
    key: [VBELN, POSNR]
    join: {VBAP: {VGBEL: VBELN, VGPOS: POSNR}, LIKP: VBELN}
    columns: {VBELN: {type: key}, POSNR: {type: key}, VGBEL: {type: key}, VGPOS: {type: key}, LFIMG: {type: number}}
  LIKP: {match: ["LIKP*"], required: false, key: [VBELN], columns: {VBELN: {type: key}, WADAT_IST: {type: date}, WBSTK: }}
  VBRP:
    match: ["VBRP*"]
    required: false
    key: [VBELN, POSNR]
    join: {LIPS: {VGBEL: VBELN, VGPOS: POSNR}}
    drop_pairs: {number: VBELN, cancels: SFAKN}
    columns: {VBELN: {type: key}, POSNR: {type: key, normalise: [alpha]}, VGBEL: {type: key}, VGPOS: {type: key}, FKIMG: {type: number}, NETWR: {type: number}, SFAKN: {type: key}}
records:
  order: {from: VBAK, fields: {order_no: VBELN, customer: KUNNR, incoterm: INCO1, source_status: GBSTK}}
  line:
    from: VBAP
    fields:
      order_no: VBELN
      line_no: POSNR
      sku: MATNR
      qty_ordered: KWMENG
      qty_cancelled_supplier: iif(ABGRU is not null, KWMENG, 0)
      net_price: div0(NETPR, KPEIN)
      qty_confirmed: sum(VBEP.BMENG)
      promised_on: max(VBEP.EDATU where VBEP.BMENG > 0)
      qty_shipped: sum(LIPS.LFIMG where LIKP.WADAT_IST is not null)
      qty_invoiced: sum(VBRP.FKIMG)
  shipment: {from: LIPS, group: VBELN, when: LIKP.WADAT_IST is not null, fields: {shipment_no: VBELN, goods_issue_at: max(LIKP.WADAT_IST)}}
  shipment_line: {from: LIPS, when: LIKP.WADAT_IST is not null, fields: {shipment_no: VBELN, order_no: VBAP.VBELN, line_no: VBAP.POSNR, qty: LFIMG}}
checks:
  - {category: incoterm_unknown, file: VBAK, when: "INCO1 not in ['EXW', 'FCA', 'DAP', 'DDP']", column: INCO1, text: no Incoterm of the ICC}
"""
FILES = {
    "VBAK.csv": "VBELN,KUNNR,GBSTK,NETWR,INCO1\n0000000012,K1,C,1000,FOR\n",
    "VBAP.csv": (
        "VBELN,POSNR,MATNR,KWMENG,NETPR,KPEIN,ABGRU\n12,000010,M1,10,250,100,\n12,000020,M2,5,20,1,Z1\n12,000030,M3,4,1,1,\n"
    ),
    "VBEP.csv": "VBELN,POSNR,ETENR,BMENG,EDATU\n12,10,1,10,2026-03-24\n12,10,2,0,00000000\n12,30,1,4,24.03.2026\n",
    "LIPS.csv": "VBELN,POSNR,VGBEL,VGPOS,LFIMG\n80001,10,0000000012,10,10\n80002,10,12,30,4\n",
    "LIKP.csv": "VBELN,WADAT_IST,WBSTK\n80001,20260320,C\n80002,00000000,A\n",
    "VBRP.csv": (
        "VBELN,POSNR,VGBEL,VGPOS,FKIMG,NETWR,SFAKN\n90001,10,80001,10,10,25,\n90002,10,80001,10,10,25,90001\n"
        "90003,10,80001,10,10,25,\n"
    ),
}


@pytest.fixture(scope="module")
def sap() -> Profile:
    return profile(SAP, "sap_like.yaml")


def test_T1_T2_T3_T4_T5_T6_T23_T24_six_joined_files(engine: Engine, sap: Profile) -> None:
    report = commit(engine, bundle(sap, FILES))
    assert (report["accepted"], report["quarantined"]) == (3, 0)
    told = (
        "select line_no, qty_confirmed, promised_on, qty_shipped, qty_invoiced, net_price, net_amount, stage "
        "from sales_order_line order by line_no"
    )
    assert rows(engine, told) == [
        # T4: one of three invoices counts; T5: the second schedule line confirms 0; T23: a price per 100.
        ("10", 10_000, 20_536, 10_000, 10_000, 25_000, 250_000, "INVOICED"),
        # T6: the rejected line has no value left.
        ("20", 0, None, 0, 0, 200_000, 0, "CANCELLED"),
        # T1: its delivery document is complete, its goods are not issued; T2: 000030 is 30.
        ("30", 4_000, 20_536, 0, 0, 10_000, 40_000, "CONFIRMED"),
    ]
    assert rows(engine, "select incoterm, source_status, stage from sales_order") == [
        ("FOR", "C", "PARTIALLY_SHIPPED")
    ]
    assert report["warnings"]["incoterm_unknown"] == 1  # T24: kept, remarked
    assert report["files"]["VBRP.csv"]["skipped"] == {"cancelled_pair": 2}


@pytest.mark.parametrize("missing", [("LIPS.csv", "VBRP.csv"), ("LIKP.csv",)])
def test_T11_what_only_a_missing_file_tells_is_unknown_never_zero(
    engine: Engine, sap: Profile, missing: tuple[str, ...]
) -> None:
    given = {name: text for name, text in FILES.items() if name not in missing}
    report = commit(engine, bundle(sap, given))
    assert rows(engine, "select distinct qty_shipped from sales_order_line") == [(None,)]
    assert "qty_shipped" in report["unknown_fields"]["line"]


def test_T7_times_as_objects_numbers_as_text_and_two_wire_dates(engine: Engine) -> None:
    chosen = profile(
        """
profile: odata
source: {system: OD, tz: UTC}
files:
  rows:
    match: ["*.json"]
    key: [id]
    columns: {id: {header: SalesOrder, type: key}, customer: SoldTo, qty: {header: Quantity, type: number, decimal: "."}, day: {header: Day, type: date}, item: Material}
records:
  order: {from: rows, fields: {order_no: id, customer: customer}}
  line: {from: rows, fields: {order_no: id, line_no: "'1'", sku: item, qty_ordered: qty, promised_on: day}}
"""
    )
    text = (
        '{"d": {"results": [{"SalesOrder": "0012", "SoldTo": "A", "Quantity": "3.000", "Day": "/Date(1743379200000)/", '
        '"Material": "X", "Time": {"hours": 6, "minutes": 49, "seconds": 13}}, {"SalesOrder": "0013", "SoldTo": "A", '
        '"Quantity": 2, "Day": "2025-04-01", "Material": "X", "Time": {"hours": 0, "minutes": 0, "seconds": 0}}]}}'
    )
    report = commit(engine, bundle(chosen, {"orders.json": text}))
    assert report["accepted"] == 2
    told = "select order_no, qty_ordered, promised_on from sales_order_line join sales_order using (order_id) order by 1"
    assert rows(engine, told) == [("0012", 3_000, 20_178), ("0013", 2_000, 20_179)]


FLAT = """
profile: flat
source: {system: FLAT, tz: UTC, decimal: ".", thousands: ","}
files:
  rows:
    match: ["*"]
    key: [id, line]
    filter: kind = 'ITEM'
    duplicates: {latest: changed, where: active}
    columns:
      id: {header: Order, type: key}
      line: {header: Line, type: key}
      kind: Kind
      qty: {header: Qty, type: number, sign: abs}
      status: Status
      changed: {header: Changed, type: number}
      active: {header: Active, type: bool, "true": ["TRUE"], "false": ["FALSE"]}
records:
  order: {from: rows, group: id, fields: {order_no: id, customer: "'ONE'"}}
  line: {from: rows, fields: {order_no: id, line_no: line, sku: "'X'", qty_ordered: qty, stage: status, source_status: status}}
codes:
  stage: {B: CONFIRMED, "SalesOrd:B": CONFIRMED, Pending Fulfillment: CONFIRMED, "00": null}
"""


def test_T8_T9_T10_letters_prefixes_labels_signs_and_history(engine: Engine) -> None:
    text = (
        "Order,Line,Kind,Qty,Status,Changed,Active\n1,1,ITEM,-5,B,1,FALSE\n1,1,ITEM,-6,B,2,TRUE\n1,2,ITEM,-1,SalesOrd:B,1,TRUE\n"
        "1,3,ITEM,-1,Pending Fulfillment,1,TRUE\n1,4,TAX,-9,B,1,TRUE\n1,5,ITEM,-1,Zz,1,TRUE\n1,6,ITEM,-1,00,1,TRUE\n"
    )
    report = commit(engine, bundle(profile(FLAT), {"x.csv": text}))
    assert (report["rows"], report["accepted"], report["unchanged"]) == (6, 5, 1)
    assert rows(engine, "select line_no, qty_ordered, stage from sales_order_line order by 1") == [
        ("1", 6_000, "CONFIRMED"), ("2", 1_000, "CONFIRMED"), ("3", 1_000, "CONFIRMED"), ("5", 1_000, "NEW"),
        ("6", 1_000, "NEW"),
    ]  # fmt: skip
    assert report["unmapped_codes"] == {"stage=Zz": 1}
    assert rows(engine, "select type_code, summary from exception_case") == [
        ("DATA-UNMAPPED-CODE", "FLAT says stage = 'Zz' on 1 rows; the code map does not know it")
    ]


def test_T15_T17_a_split_line_is_the_sum_of_its_parts(engine: Engine) -> None:
    chosen = profile(
        """
profile: splits
source: {system: SPLIT, decimal: "."}
files: {rows: {match: ["*"], key: [order, line, ship], filter: seq > 0, columns: {order: Order, line: Line, ship: Ship, seq: {header: Seq, type: number}, qty: {header: Qty, type: number}, gone: {header: Cancelled, type: number}}}}
records:
  order: {from: rows, group: order, fields: {order_no: order, customer: "'C'"}}
  line: {from: rows, group: [order, line], fields: {order_no: order, line_no: line, sku: "'X'", qty_ordered: "sum(qty) + sum(gone)", qty_cancelled_customer: sum(gone)}}
"""
    )
    text = "Order,Line,Ship,Seq,Qty,Cancelled\nA,1,0,0,10,0\nA,1,1,1,4,0\nA,1,2,2,5,1\n"
    commit(engine, bundle(chosen, {"x.csv": text}))
    assert rows(engine, "select qty_ordered, qty_cancelled_customer from sales_order_line") == [
        (10_000, 1_000)
    ]


def test_T16_only_the_newest_revision_counts(engine: Engine) -> None:
    chosen = profile(
        FLAT.replace("duplicates: {latest: changed, where: active}", "duplicates: {latest: changed}")
    )
    text = "Order,Line,Kind,Qty,Status,Changed,Active\n1,1,ITEM,9,B,2,TRUE\n1,1,ITEM,5,B,1,TRUE\n"
    assert commit(engine, bundle(chosen, {"x.csv": text}))["rows"] == 2
    assert rows(engine, "select qty_ordered from sales_order_line") == [(9_000,)]


def test_T19_no_header_null_words_and_an_end_of_file_mark(engine: Engine) -> None:
    chosen = profile(
        """
profile: bare
source: {system: BARE, decimal: ".", nulls: ["", "-0-"]}
files: {rows: {match: ["*"], key: [order], has_header: false, column_names: [o, c, q, note], columns: {order: {header: o, type: key}, c: c, q: {type: number}, note: note}}}
records:
  order: {from: rows, fields: {order_no: order, customer: c, note: "split(note, '] [', 2)"}}
  line: {from: rows, fields: {order_no: order, line_no: "'1'", sku: "'X'", qty_ordered: q}}
"""
    )
    report = commit(engine, bundle(chosen, {"x.csv": b"7,A,1,NPWMD] [IFSR\n8,B,2,-0- \n\x1a"}))
    assert (report["rows"], report["accepted"]) == (2, 2)
    assert rows(engine, "select order_no, note from sales_order order by 1") == [("7", "IFSR"), ("8", None)]


def test_T20_tabs_us_dates_and_T22_formula_cells_stay_text(engine: Engine) -> None:
    head = "Order\tLine\tCustomer\tItem\tQty\tPrice\tPromised\tShipment\tDelivered\n"
    text = (
        head
        + "1\t1\tAcme\t=cmd|' /C calc'!A0\t1\t1.00\t03/25/2026\t\t\n1\t2\tAcme\t00012345\t1\t1.00\t04/01/2026\t\t\n"
    )
    report = commit(engine, bundle(profile(), {"dpl.txt": text}))
    assert report["accepted"] == 2
    assert report["decided"][0]["row"] == 2
    assert rows(engine, "select sku from sku order by sku") == [("00012345",), ("=cmd|' /C calc'!A0",)]
    assert rows(engine, "select promised_on from sales_order_line order by line_no") == [(20_537,), (20_544,)]


def test_T25_the_day_of_an_instant_is_the_one_of_its_people(engine: Engine) -> None:
    chosen = profile(
        """
profile: zone
source: {system: ZONE, tz: America/New_York, decimal: "."}
files: {rows: {match: ["*"], key: [o], columns: {o: Order, q: {header: Qty, type: number}, at: {header: At, type: instant, formats: ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]}}}}
records:
  order: {from: rows, fields: {order_no: o, customer: "'C'", entered_at: at}}
  line: {from: rows, fields: {order_no: o, line_no: "'1'", sku: "'X'", qty_ordered: q, entered_on: at}}
"""
    )
    commit(
        engine, bundle(chosen, {"x.csv": "Order,Qty,At\nA,1,2026-03-01T22:00:00\nB,1,2026-03-02T03:00:00Z\n"})
    )
    told = "select entered_at, entered_on from sales_order join sales_order_line using (order_id) order by order_no"
    assert rows(engine, told) == [(1_772_420_400, 20_513), (1_772_420_400, 20_513)]


def test_a_duplicate_key_refuses_all_its_rows_and_exact_repeats_count_once(engine: Engine) -> None:
    same = "A1,1,Acme,X,5,1.50,2026-03-25,,\n"
    report = commit(engine, small(same + same + "A2,1,Acme,X,5,1,,,\nA2,1,Acme,X,6,1,,,\n"))
    assert (report["rows"], report["accepted"], report["unchanged"], report["quarantined"]) == (4, 1, 1, 2)
    assert report["warnings"]["repeated_row"] == 1
    assert {p["rule"] for p in report["problems"]} == {"duplicate_key"}


def test_lines_of_a_refused_header_are_held_with_it(engine: Engine, sap: Profile) -> None:
    given = {**FILES, "VBAK.csv": FILES["VBAK.csv"].replace(",K1,", ",,")}
    report = commit(engine, bundle(sap, given))
    assert report["files"]["VBAK.csv"]["quarantined"] == 1
    assert (report["accepted"], report["quarantined"]) == (0, 3)
    assert rows(engine, "select count(*) from sales_order_line") == [(0,)]


def test_a_full_snapshot_flags_or_closes_lines_that_are_gone_and_releases_their_holds(engine: Engine) -> None:
    body = """
profile: snap
source: {system: SNAP, decimal: "."}
snapshot: {mode: full, missing_rows: MODE}
release_holds: absent_in_snapshot
files: {rows: {match: ["*"], key: [o, l], columns: {o: Order, l: Line, q: {header: Qty, type: number}, b: Block}}}
records:
  order: {from: rows, group: o, fields: {order_no: o, customer: "'C'"}}
  line: {from: rows, fields: {order_no: o, line_no: l, sku: "'X'", qty_ordered: q}}
holds: [{file: rows, when: b is not null, type: b, reason: "concat('block ', b)"}]
"""
    flag, close = (profile(body.replace("MODE", mode)) for mode in ("flag", "close"))
    commit(engine, bundle(flag, {"a.csv": "Order,Line,Qty,Block\nA,1,1,CREDIT\nA,2,1,\n"}))
    assert rows(engine, "select type, status from hold") == [("CREDIT", "OPEN")]
    shorter = {"b.csv": "Order,Line,Qty,Block\nA,1,1,\n"}
    assert commit(engine, bundle(flag, shorter))["warnings"]["missing_in_snapshot"] == 1
    assert rows(engine, "select type, status from hold") == [("CREDIT", "RELEASED")]
    commit(engine, bundle(close, shorter))
    assert rows(engine, "select line_no, stage from sales_order_line order by 1")[1] == ("2", "CLOSED")

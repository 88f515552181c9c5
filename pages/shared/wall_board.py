"""The board of the wall: large figures over the whole screen, drawn and kept fresh in the browser.

The browser compares its clock with the server's, counts the seconds since the last figures came, and says STALE
when they stop coming: a frozen wall must never look like a quiet day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

STALE_SECONDS = 30

_HTML = '<main id="board" aria-live="off"></main>'

_CSS = """
#board { position: fixed; inset: 0; z-index: 999980; box-sizing: border-box; overflow: auto;
  display: grid; grid-template-rows: auto auto 1fr; gap: 1.4vmin; padding: 2vmin 2.4vmin;
  background: var(--st-background-color); color: var(--st-text-color); font-family: var(--st-font);
  font-variant-numeric: tabular-nums; }
header { display: flex; flex-wrap: wrap; gap: 0.6vmin 2vmin; align-items: baseline; }
h2 { margin: 0; font-size: max(15px, 2.6vmin); font-weight: 600; flex: 1 1 auto; }
.fresh { font-size: max(13px, 2vmin); }
.stale { background: var(--st-red-color); color: var(--st-background-color); font-weight: 700;
  padding: 0.4vmin 1.4vmin; border-radius: 0.6vmin; }
a, button { color: inherit; }
nav { display: flex; gap: 1.2vmin; }
nav a, nav button { font: inherit; font-size: max(13px, 1.8vmin); min-height: 28px; min-width: 28px; cursor: pointer;
  background: none; border: 1px solid var(--st-border-color); border-radius: 0.6vmin; padding: 0.3vmin 1.2vmin;
  text-decoration: none; display: inline-flex; align-items: center; }
.blocks { display: grid; gap: 1.4vmin; grid-template-columns: 1.5fr 1fr 1fr 1fr; }
.block { border: 1px solid var(--st-border-color); border-radius: 1vmin; padding: 1.4vmin 2vmin; min-width: 0;
  text-decoration: none; display: flex; flex-direction: column; justify-content: space-between; }
.block .label { font-size: max(14px, 2.2vmin); }
.block .value { font-size: max(34px, 7.2vmin); font-weight: 600; line-height: 1.1; white-space: nowrap; }
.block .note { font-size: max(13px, 1.9vmin); opacity: 0.85; }
.hero { grid-row: span 2; }
.block:last-child { grid-column: span 2; }
.hero .value { font-size: max(64px, 21vmin); line-height: 1; }
.wide .value { font-size: max(28px, 6.8vmin); }
.bad .value, .bad .note { color: var(--st-red-text-color); }
.rows { border: 1px solid var(--st-border-color); border-radius: 1vmin; padding: 1.2vmin 2vmin; min-height: 0;
  overflow: hidden; }
table { width: 100%; border-collapse: collapse; font-size: max(13px, 2.1vmin); }
caption { text-align: left; font-weight: 600; font-size: max(14px, 2.3vmin); padding-bottom: 0.6vmin; }
th { text-align: left; font-weight: 500; opacity: 0.8; }
th, td { padding: 0.45vmin 1vmin 0.45vmin 0; border-bottom: 1px solid var(--st-border-color); white-space: nowrap; }
.number { text-align: right; }
@media (max-width: 700px) { .blocks { grid-template-columns: 1fr; } .hero, .block:last-child { grid-row: auto; grid-column: auto; }
  .rows { overflow: auto; } #board { grid-template-rows: auto auto auto; } }
"""

_JS = """
const PAUSE = "tower.wall.paused";
function make(tag, text, name) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (name) node.className = name;
  return node;
}
function blocks(data) {
  const area = make("section", null, "blocks");
  for (const item of data.blocks) {
    const card = make("a", null, "block" + (item.hero ? " hero" : "") + (item.bad ? " bad" : "")
      + (item.value.length > 7 ? " wide" : ""));
    card.href = item.href;
    card.append(make("span", item.label, "label"), make("span", item.value, "value"), make("span", item.note, "note"));
    area.append(card);
  }
  return area;
}
function list(title, heads, rows) {
  const area = make("section", null, "rows");
  const table = make("table");
  table.append(make("caption", title));
  const top = make("tr");
  heads.forEach((head) => top.append(make("th", head)));
  table.append(top);
  for (const row of rows) {
    const line = make("tr");
    row.forEach((cell) => line.append(make("td", cell)));
    table.append(line);
  }
  area.append(rows.length ? table : make("p", title + ": none"));
  return area;
}
function paint(board, seen) {
  const data = seen.data;
  const turn = data.cycle ? Math.floor(Date.now() / 1000 / data.cycle) % 3 : -1;
  board.replaceChildren();
  const head = make("header");
  head.append(make("h2", data.sentence));
  const fresh = make("span", "", "fresh");
  fresh.setAttribute("role", "status");
  head.append(fresh);
  const nav = make("nav");
  const leave = make("a", "Leave");
  leave.href = data.home;
  const pause = make("button", seen.paused ? "Go on" : "Pause");
  pause.type = "button";
  pause.onclick = () => {
    seen.paused = !seen.paused;
    localStorage.setItem(PAUSE, seen.paused ? "1" : "");
    if (!seen.paused && seen.next) { seen.data = seen.next; }
    paint(board, seen);
  };
  nav.append(pause, leave);
  head.append(nav);
  board.append(head);
  if (turn < 1) board.append(blocks(data));
  if (turn === 1 || turn === -1) board.append(list(data.lines_title, data.lines_heads, data.lines));
  if (turn === 2) board.append(list("Why lines are late or wait", data.reason_heads, data.reasons));
  seen.turn = turn;
  tick(board, seen);
}
function tick(board, seen) {
  const fresh = board.querySelector(".fresh");
  if (!fresh) return;
  const age = Math.round((Date.now() - seen.at) / 1000);
  const stale = age > seen.data.stale_after;
  fresh.className = stale ? "fresh stale" : "fresh";
  const clock = new Date(Date.now() + seen.skew).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  fresh.textContent = stale ? "STALE: no figures for " + age + " s"
    : seen.paused ? "Paused" : seen.data.as_of + " · " + clock;
  if (!seen.paused && seen.data.cycle) {
    const turn = Math.floor(Date.now() / 1000 / seen.data.cycle) % 3;
    if (turn !== seen.turn) paint(board, seen);
  }
}
export default function (component) {
  const { data, parentElement } = component;
  const board = parentElement.querySelector("#board");
  const seen = board.seen || (board.seen = { paused: localStorage.getItem(PAUSE) === "1" });
  seen.at = Date.now();
  seen.skew = data.server_now * 1000 - Date.now();
  seen.next = data;
  if (!seen.paused || !seen.data) { seen.data = data; paint(board, seen); }
  if (!seen.timer) seen.timer = setInterval(() => tick(board, seen), 1000);
  return () => { clearInterval(seen.timer); seen.timer = null; };
}
"""

_BOARD = st.components.v2.component("tower_wall_board", html=_HTML, css=_CSS, js=_JS)


def show(
    *,
    sentence: str,
    as_of: str,
    blocks: Sequence[Mapping[str, Any]],
    lines_title: str,
    lines_heads: Sequence[str],
    lines: Sequence[Sequence[str]],
    reason_heads: Sequence[str],
    reasons: Sequence[Sequence[str]],
    home: str,
    server_now: float,
    cycle: int,
) -> None:
    """Draw the board. `blocks` have label, value, note, href, hero and bad; `cycle` seconds a panel, 0 for all at once."""
    _BOARD(
        key="wall_board",
        data={
            "sentence": sentence,
            "as_of": as_of,
            "blocks": [dict(block) for block in blocks],
            "lines_title": lines_title,
            "lines_heads": list(lines_heads),
            "lines": [list(row) for row in lines],
            "reason_heads": list(reason_heads),
            "reasons": [list(row) for row in reasons],
            "home": home,
            "server_now": server_now,
            "cycle": cycle,
            "stale_after": STALE_SECONDS,
        },
    )

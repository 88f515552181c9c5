"""What runs in the browser beside the edit grid: constants only, never built from data.

Each script is one expression; the wrapper folds white space, so strings hold none that matters. What a person types
goes into an outbox with rising numbers and stays there until the server has acknowledged it through the rows.
"""

from __future__ import annotations

from st_aggrid import JsCode, StAggridTheme

ROW_ID = JsCode("function (p) { return String(p.data.row_id); }")

READY = JsCode(r"""
function (start) {
  const api = start.api;
  const box = window.towerBox = {
    client: Date.now().toString(36) + '-' + Math.random().toString(36).slice(2, 12),
    seq: 0, group: 0, outbox: [], from: {}, api: api
  };
  const editing = function () { return api.getEditingCells().length > 0; };
  const stop = api.stopEditing.bind(api);
  api.stopEditing = function (cancel) { if (!(cancel === true && editing())) { stop(cancel); } };
  box.value = function () {
    return { client: box.client, outbox: box.outbox,
             selected: api.getSelectedNodes().map(function (n) { return n.id; }) };
  };
  box.push = function (entry) { box.seq += 1; box.outbox.push(Object.assign({ seq: box.seq }, entry)); };
  box.send = function () {
    window.parent.postMessage({ isStreamlitMessage: true, type: 'streamlit:setComponentValue',
                                value: box.value(), dataType: 'json' }, '*');
  };
  box.set = function (node, column, text, how) {
    const id = column.getColId();
    const was = node.data[id];
    const now = text === '' ? null : text;
    if (String(was === null || was === undefined ? '' : was) === String(now === null ? '' : now)) { return; }
    node.data[id] = now;
    box.push({ row: node.id, col: id, new: now, from: was === undefined ? null : was, how: how, group: box.group });
  };
  const editable = function (column) {
    const more = column.getColDef().context;
    return Boolean(more && more.edits);
  };
  const cut = function (text) {
    const rows = [[]];
    let cell = '', quoted = false, i = 0;
    const body = text.replace(/\r\n?/g, '\n').replace(/\n$/, '');
    for (i = 0; i < body.length; i += 1) {
      const sign = body[i];
      if (quoted) {
        if (sign === '"' && body[i + 1] === '"') { cell += '"'; i += 1; }
        else if (sign === '"') { quoted = false; }
        else { cell += sign; }
      } else if (sign === '"' && cell === '') { quoted = true; }
      else if (sign === '\t') { rows[rows.length - 1].push(cell); cell = ''; }
      else if (sign === '\n') { rows[rows.length - 1].push(cell); cell = ''; rows.push([]); }
      else { cell += sign; }
    }
    rows[rows.length - 1].push(cell);
    return rows;
  };
  const paste = function (event) {
    const focus = api.getFocusedCell();
    const text = event.clipboardData ? event.clipboardData.getData('text/plain') : '';
    if (editing() || !focus || !text) { return; }
    event.preventDefault();
    const shown = api.getAllDisplayedColumns();
    const columns = shown.slice(shown.indexOf(focus.column)).filter(editable);
    box.group += 1;
    cut(text).forEach(function (cells, down) {
      const node = api.getDisplayedRowAtIndex(focus.rowIndex + down);
      if (!node) { return; }
      cells.forEach(function (cell, right) {
        if (columns[right]) { box.set(node, columns[right], cell, 'paste'); }
      });
    });
    api.refreshCells({ force: true });
    box.send();
  };
  const copy = function (event) {
    const focus = api.getFocusedCell();
    if (editing() || !focus || String(window.getSelection())) { return; }
    const node = api.getDisplayedRowAtIndex(focus.rowIndex);
    const value = node ? node.data[focus.column.getColId()] : null;
    event.clipboardData.setData('text/plain', value === null || value === undefined ? '' : String(value));
    event.preventDefault();
  };
  const fill = function () {
    const focus = api.getFocusedCell();
    if (!focus || !editable(focus.column)) { return; }
    const here = api.getDisplayedRowAtIndex(focus.rowIndex);
    const chosen = api.getSelectedNodes().filter(function (n) { return n.id !== here.id; });
    const above = focus.rowIndex > 0 ? api.getDisplayedRowAtIndex(focus.rowIndex - 1) : null;
    const id = focus.column.getColId();
    box.group += 1;
    if (chosen.length) {
      const value = here.data[id];
      chosen.forEach(function (n) { box.set(n, focus.column, value === undefined ? null : value, 'fill'); });
    } else if (above) {
      box.set(here, focus.column, above.data[id] === undefined ? null : above.data[id], 'fill');
    }
    api.refreshCells({ force: true });
    box.send();
  };
  const press = function (event) {
    if (editing() || event.altKey) { return; }
    const held = event.ctrlKey || event.metaKey;
    const sign = event.key.toLowerCase();
    let ask = '';
    if (held && sign === 'z') { ask = event.shiftKey ? 'redo' : 'undo'; }
    else if (held && sign === 'y') { ask = 'redo'; }
    else if (held && sign === 'd') { ask = 'fill'; }
    else if (!held && event.key === '?') { ask = 'keys'; }
    if (!ask) { return; }
    event.preventDefault();
    event.stopPropagation();
    if (ask === 'fill') { fill(); return; }
    box.push({ ask: ask });
    box.send();
  };
  document.addEventListener('paste', paste);
  document.addEventListener('copy', copy);
  document.addEventListener('keydown', press, true);
}
""")

COLLECT = JsCode(r"""
function (told) {
  const box = window.towerBox;
  const event = told.eventData;
  if (told.streamlitRerunEventTriggerName === 'cellValueChanged') {
    const col = event.column.getColId();
    const place = event.node.id + '|' + col;
    const known = Object.prototype.hasOwnProperty.call(box.from, place);
    const was = known ? box.from[place] : event.oldValue;
    delete box.from[place];
    const now = event.newValue;
    box.push({ row: event.node.id, col: col, how: 'type',
               new: now === undefined || now === '' ? null : now,
               from: was === undefined || was === '' ? null : was });
  }
  return box.value();
}
""")

STARTED = JsCode(r"""
function (event) {
  const box = window.towerBox;
  if (box) { box.from[event.node.id + '|' + event.column.getColId()] = event.value; }
}
""")
"""Remembers what a person saw when the editor opened: a reload below an open editor must not hide a conflict."""

ACKNOWLEDGED = JsCode(r"""
function (event) {
  const box = window.towerBox;
  if (!box || !box.outbox.length) { return; }
  event.api.forEachNode(function (node) {
    const seen = node.data && node.data.acked ? node.data.acked.split(':') : [''];
    if (seen[0] === box.client) {
      box.outbox = box.outbox.filter(function (entry) { return entry.seq > Number(seen[1]); });
    }
  });
}
""")

CAN_EDIT = JsCode(r"""
function (p) {
  const needs = p.colDef.context.needs;
  const key = p.data ? p.data[needs] : null;
  return key !== null && key !== undefined && key !== '';
}
""")
"""A cell whose record is not there (no open case on the line) cannot be typed into."""

CHECK_DAY = JsCode(r"""
function (p) {
  const text = String(p.value === null || p.value === undefined ? '' : p.value).trim();
  if (text === '') { return null; }
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso) {
    const day = new Date(Date.UTC(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3])));
    const same = day.getUTCMonth() === Number(iso[2]) - 1 && day.getUTCDate() === Number(iso[3]);
    return same ? null : ['There is no such day.'];
  }
  return /\d/.test(text) && text.length >= 6 ? null : ['Write a day as 2026-11-24.'];
}
""")

CHECK_NUMBER = JsCode(r"""
function (p) {
  const text = String(p.value === null || p.value === undefined ? '' : p.value).trim();
  if (text === '') { return null; }
  if (!/^[-+]?[\d.,'\u00a0\u202f ]+$/.test(text)) { return ['Write it with the digits 0 to 9.']; }
  const plain = Number(text);
  const limits = p.cellEditorParams || {};
  if (Number.isNaN(plain)) { return null; }
  if (limits.least !== undefined && limits.least !== null && plain < limits.least) { return ['At least ' + limits.least + '.']; }
  if (limits.most !== undefined && limits.most !== null && plain > limits.most) { return ['At most ' + limits.most + '.']; }
  return null;
}
""")

CHECK_TEXT = JsCode(r"""
function (p) {
  const text = String(p.value === null || p.value === undefined ? '' : p.value);
  const most = (p.cellEditorParams || {}).longest;
  return most && text.length > most ? ['At most ' + most + ' characters.'] : null;
}
""")

NUMBER = JsCode(r"""
function (p) {
  if (p.value === null || p.value === undefined || p.value === '') { return ''; }
  const digits = (p.colDef.context || {}).digits;
  return typeof p.value === 'number'
    ? p.value.toLocaleString(undefined, { minimumFractionDigits: digits || 0, maximumFractionDigits: digits || 3 })
    : String(p.value);
}
""")

SORT_NUMBER = JsCode(
    "function (a, b) { return Number(a === null ? -1e18 : a) - Number(b === null ? -1e18 : b); }"
)

MARKS = {
    "tower-conflict": JsCode("function (p) { return Boolean(p.data && p.data.mark === 'conflict'); }"),
    "tower-refused": JsCode("function (p) { return Boolean(p.data && p.data.mark === 'refused'); }"),
    "tower-pending": JsCode("function (p) { return Boolean(p.data && p.data.mark === 'pending'); }"),
    "tower-saved": JsCode("function (p) { return Boolean(p.data && p.data.mark === 'saved'); }"),
}
STYLE = {
    ".ag-root-wrapper": {"border-radius": "8px"},
    ".ag-root-wrapper, .ag-cell, .ag-header-cell-text, .ag-popup, .ag-cell input, .ag-popup textarea": {
        "font-family": "'Source Sans Pro', 'Source Sans', sans-serif !important",
        "font-size": "14px !important",
    },
    ".tower-edits": {"cursor": "text"},
    ".tower-conflict": {"background-color": "rgba(200, 110, 0, 0.22) !important"},
    ".tower-refused": {"background-color": "rgba(200, 40, 30, 0.20) !important"},
    ".tower-pending": {"background-color": "rgba(40, 110, 190, 0.18) !important"},
    ".tower-saved": {"background-color": "rgba(40, 140, 90, 0.16) !important"},
}

_SHAPE = {"fontFamily": "Source Sans Pro, Source Sans, sans-serif", "fontSize": 14, "wrapperBorderRadius": 8}
LOOKS = {
    "light": {
        "backgroundColor": "#ffffff", "foregroundColor": "#1b2430", "headerBackgroundColor": "#eef1f5",
        "borderColor": "#d9dee5", "accentColor": "#1f5fa8", "browserColorScheme": "light",
    },
    "dark": {
        "backgroundColor": "#10161d", "foregroundColor": "#e4e9ef", "headerBackgroundColor": "#1c2631",
        "borderColor": "#2e3a47", "accentColor": "#3b82c4", "browserColorScheme": "dark",
        "chromeBackgroundColor": "#18212b", "menuBackgroundColor": "#18212b", "tooltipBackgroundColor": "#18212b",
        "inputBackgroundColor": "#18212b", "oddRowBackgroundColor": "#10161d",
    },
}  # fmt: skip
"""The colours of .streamlit/config.toml, which the grid's own recipe replaces by greys in the dark."""


def look(kind: str) -> StAggridTheme:
    """Return the grid's theme for "light" or "dark"."""
    return StAggridTheme(base="balham").withParams(**_SHAPE, **LOOKS[kind]).withParts("iconSetQuartzRegular")

"""Ctrl+K: one box from anywhere that goes to a screen, a saved view, or whatever bears the number typed (friendly.md G7)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

from db.queries import saved_views
from domain.vocabulary.actor import Actor
from pages.shared import menu, runtime

VIEWS_OF = "orders"

_HTML = """
<dialog id="palette" aria-label="Go to">
  <input id="wanted" type="text" autocomplete="off" spellcheck="false" role="combobox" aria-expanded="true"
    aria-controls="found" aria-label="Screen, saved view, order, PO, SKU, customer or tracking number"
    placeholder="Screen, view, order, PO, SKU, customer, tracking">
  <ul id="found" role="listbox"></ul>
  <p class="keys">↑ ↓ choose · Enter go · Esc close</p>
</dialog>
"""

_CSS = """
#palette { width: min(560px, 92vw); margin: 12vh auto auto; padding: 0.75rem; border-radius: 0.6rem;
  border: 1px solid var(--st-border-color); background: var(--st-background-color); color: var(--st-text-color);
  font-family: var(--st-font); }
#palette::backdrop { background: rgb(0 0 0 / 35%); }
#wanted { width: 100%; box-sizing: border-box; font: inherit; font-size: 1.05rem; padding: 0.5rem 0.6rem;
  color: inherit; background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color);
  border-radius: 0.4rem; }
#found { list-style: none; margin: 0.5rem 0 0; padding: 0; max-height: 46vh; overflow: auto; }
#found li { display: flex; justify-content: space-between; gap: 1rem; padding: 0.45rem 0.6rem; min-height: 24px;
  border-radius: 0.4rem; cursor: pointer; }
#found li[aria-selected="true"] { background: var(--st-primary-color); color: var(--st-background-color); }
#found .kind { opacity: 0.75; }
.keys { margin: 0.5rem 0.2rem 0; font-size: 0.85rem; opacity: 0.75; }
"""

_JS = """
function matching(entries, text) {
  const words = text.toLowerCase().split(/\\s+/).filter(Boolean);
  const found = entries.filter((entry) => words.every((word) => entry.label.toLowerCase().includes(word)));
  if (!text.trim()) return found.slice(0, 12);
  const typed = text.trim();
  return [...found.slice(0, 8), { label: "Find " + typed, kind: "Delivery dates", find: typed },
    { label: "Open order " + typed, kind: "Order", order: typed }];
}
function paint(seen) {
  seen.list.replaceChildren();
  seen.shown = matching(seen.data.entries, seen.box.value);
  seen.at = Math.max(0, Math.min(seen.at, seen.shown.length - 1));
  seen.shown.forEach((entry, place) => {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(place === seen.at));
    const label = document.createElement("span");
    label.textContent = entry.label;
    const kind = document.createElement("span");
    kind.className = "kind";
    kind.textContent = entry.kind;
    item.append(label, kind);
    item.onclick = () => go(seen, entry);
    seen.list.append(item);
  });
  const chosen = seen.list.children[seen.at];
  if (chosen) chosen.scrollIntoView({ block: "nearest" });
}
function go(seen, entry) {
  if (!entry) return;
  seen.dialog.close();
  seen.send("go", entry);
}
function open(seen) {
  seen.box.value = "";
  seen.at = 0;
  paint(seen);
  seen.dialog.showModal();
  seen.box.focus();
}
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const dialog = parentElement.querySelector("#palette");
  const seen = dialog.seen || (dialog.seen = { at: 0 });
  Object.assign(seen, { dialog, data, send: setTriggerValue, box: parentElement.querySelector("#wanted"),
    list: parentElement.querySelector("#found") });
  seen.box.oninput = () => { seen.at = 0; paint(seen); };
  seen.box.onkeydown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      seen.at += event.key === "ArrowDown" ? 1 : -1;
      paint(seen);
    }
    if (event.key === "Enter") { event.preventDefault(); go(seen, seen.shown[seen.at]); }
    event.stopPropagation();
  };
  const listen = (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      event.stopPropagation();
      if (seen.dialog.open) seen.dialog.close(); else open(seen);
    }
  };
  document.addEventListener("keydown", listen, true);
  dialog.dataset.listening = "true";
  return () => {
    document.removeEventListener("keydown", listen, true);
    delete dialog.dataset.listening;
  };
}
"""

_PALETTE = st.components.v2.component("tower_palette", html=_HTML, css=_CSS, js=_JS)


def draw(actor: Actor) -> None:
    """Draw the closed palette, and leave for where it was asked to go."""
    asked = _PALETTE(key="palette", data={"entries": _entries(actor)}, on_go_change=lambda: None).go
    if isinstance(asked, dict):
        _leave(actor, asked)


def _entries(actor: Actor) -> list[dict[str, Any]]:
    screens = [
        {"label": found.title, "kind": found.section, "screen": found.key}
        for found in menu.SCREENS
        if found.visible and menu.allowed(actor, found)
    ]
    views = [
        {"label": view.name, "kind": "Saved view", "view": view.query}
        for view in runtime.read(saved_views.views, page=VIEWS_OF, actor=actor.login)
    ]
    return screens + views


def _leave(actor: Actor, asked: dict[str, Any]) -> None:
    """Go where the browser asked for: only to screens that there are, with the text as a parameter."""
    if isinstance(asked.get("find"), str):
        _to("delivery_dates", q=asked["find"])
    elif isinstance(asked.get("order"), str):
        _to("order", so=asked["order"])
    elif isinstance(asked.get("view"), str):
        _to(VIEWS_OF, **dict(parse_qsl(asked["view"])))
    else:
        for found in menu.SCREENS:
            if found.key == asked.get("screen") and menu.allowed(actor, found):
                _to(found.key)


def _to(key: str, **parameters: str) -> None:
    st.switch_page(menu.screen(key).file, query_params=parameters)

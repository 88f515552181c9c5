"""The server's own pages as HTML: one card, light and dark, without a script; all text is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

STYLE = """
:root { color-scheme: light dark; --ground: #f1f4f8; --card: #ffffff; --text: #1b2430; --soft: #4b5563; --line: #c3cad4;
  --accent: #1f5fa8; --on: #ffffff; --bad: #9c1c15; --bad-ground: #fbe9e7; --note: #8a4b00; --note-ground: #fdf1e0; }
@media (prefers-color-scheme: dark) { :root { --ground: #10161d; --card: #18212b; --text: #e4e9ef; --soft: #a9b4c0;
  --line: #435161; --accent: #7fb2ea; --on: #0b1016; --bad: #f5a49d; --bad-ground: #3a1d1b; --note: #f3bf80;
  --note-ground: #33261a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem 1rem; background: var(--ground);
  color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Source Sans 3", sans-serif; }
main { width: 100%; max-width: 25rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem;
  padding: 2rem; }
main.wide { max-width: 46rem; }
.brand { display: flex; gap: 0.6rem; align-items: center; margin: 0 0 1.4rem; color: var(--soft); font-weight: 600; }
.brand svg { width: 1.5rem; height: 1.5rem; stroke: var(--accent); }
h1 { font-size: 1.45rem; line-height: 1.25; margin: 0 0 0.8rem; }
h2 { font-size: 0.95rem; margin: 1.5rem 0 0.6rem; }
p { margin: 0 0 1.1rem; color: var(--soft); }
label { display: block; font-weight: 600; margin: 1rem 0 0.3rem; }
.hint { font-weight: 400; color: var(--soft); }
input { width: 100%; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 0.4rem; padding: 0.55rem 0.7rem; }
button, .button { display: block; width: 100%; font: inherit; font-weight: 600; text-align: center; cursor: pointer;
  margin-top: 1.4rem; padding: 0.6rem 1rem; border-radius: 0.4rem; border: 1px solid var(--accent);
  background: var(--accent); color: var(--on); text-decoration: none; }
.second { background: transparent; color: var(--accent); }
:is(input, button, .button, a, summary):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button:hover, .button:hover { filter: brightness(1.08); }
.told { border-radius: 0.4rem; padding: 0.7rem 0.9rem; margin: 0 0 1.1rem; color: var(--bad);
  background: var(--bad-ground); border-left: 4px solid currentColor; }
.note { color: var(--note); background: var(--note-ground); }
.told b { display: block; }
.people { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 0.6rem; }
.people button { margin: 0; height: 100%; text-align: left; font-weight: 400; background: transparent;
  color: var(--text); border-color: var(--line); padding: 0.6rem 0.8rem; }
.people button:hover { border-color: var(--accent); filter: none; }
.people b, .people span { display: block; }
.people span { color: var(--soft); font-size: 0.87rem; }
details .people { margin-top: 0.9rem; }
details { margin-top: 1.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
summary { cursor: pointer; font-weight: 600; }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
MARK = (
    '<svg viewBox="0 0 24 24" fill="none" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
    'aria-hidden="true"><path d="M3 3v18h18"/><path d="M7 15l4-5 3 3 5-7"/></svg>'
)


def page(title: str, body: str, *, wide: bool = False) -> str:
    """Return a whole page with its one card; `body` is HTML made here."""
    kind = ' class="wide"' if wide else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)} · Order Control Tower</title><style>{STYLE}</style></head><body><main{kind}>"
        f'<div class="brand">{MARK}Order Control Tower</div><h1>{escape(title)}</h1>{body}</main></body></html>'
    )


def sentence(text: str) -> str:
    """Return a paragraph."""
    return f"<p>{escape(text)}</p>"


def alert(message: str, fix: str = "") -> str:
    """Return a refusal that screen readers announce: what, and how to mend it."""
    return f'<div class="told" role="alert" id="refusal"><b>{escape(message)}</b>{escape(fix)}</div>'


def notice(text: str) -> str:
    """Return a remark that is no refusal."""
    return f'<div class="told note" role="status">{escape(text)}</div>'


def text_field(name: str, label: str, *, value: str = "", complete: str = "", focus: bool = False) -> str:
    """Return a labelled text field; `complete` tells password managers what it is."""
    more = " autofocus" if focus else ""
    return (
        f'<label for="{name}">{escape(label)}</label><input id="{name}" name="{name}" type="text" required '
        f'autocapitalize="none" spellcheck="false" autocomplete="{complete}" value="{escape(value)}"{more}>'
    )


def password_field(name: str, label: str, *, complete: str, hint: str = "", focus: bool = False) -> str:
    """Return a labelled password field; it may be pasted into."""
    more = " autofocus" if focus else ""
    told = f' <span class="hint">{escape(hint)}</span>' if hint else ""
    return (
        f'<label for="{name}">{escape(label)}{told}</label><input id="{name}" name="{name}" type="password" required '
        f'autocomplete="{complete}"{more}>'
    )


def form(action: str, body: str, button: str, *, next_path: str = "", second: bool = False) -> str:
    """Return a form that posts `body` and where to go on."""
    kept = f'<input type="hidden" name="next" value="{escape(next_path)}">' if next_path else ""
    kind = ' class="second"' if second else ""
    return f'<form method="post" action="{action}">{body}{kept}<button{kind}>{escape(button)}</button></form>'


def choices(action: str, people: Iterable[tuple[str, str, str]], *, next_path: str) -> str:
    """Return one button per person: (value of the field "person", role, who that is)."""
    buttons = "".join(
        f'<button name="person" value="{escape(value)}"><b>{escape(name)}</b><span>{escape(what)}</span></button>'
        for value, name, what in people
    )
    return (
        f'<form method="post" action="{action}"><input type="hidden" name="next" value="{escape(next_path)}">'
        f'<div class="people">{buttons}</div></form>'
    )


def link_button(address: str, label: str) -> str:
    """Return a link that looks like a button."""
    return f'<a class="button second" href="{escape(address)}">{escape(label)}</a>'


def more(summary: str, body: str) -> str:
    """Return a part that opens on demand."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"

"""What every screen has around it: title, state sentence, help, the day shown, search, and honest empties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

import streamlit as st

from db.queries import data
from domain.services.access import authority
from domain.vocabulary.errors import DomainError
from domain.vocabulary.roles import role_names
from pages.shared import account, menu, palette, runtime, state, way_in, wording

EARLIEST = date(1970, 1, 1)
LONG_DAYS = 14
HELP = Path(__file__).resolve().parents[2] / "docs" / "how_to" / "screens"


@dataclass(frozen=True)
class Opened:
    """What a screen works with: the day that it shows, and whether that day is today."""

    screen: menu.Screen
    as_of: date
    today: date
    role: str

    @property
    def live(self) -> bool:
        """Whether the day shown is today: some facts are kept only as they are now."""
        return self.as_of == self.today

    @property
    def day(self) -> dict[str, str]:
        """The URL parameter that keeps the day when a link is followed."""
        return {} if self.live else {"as_of": self.as_of.isoformat()}


def on_wall() -> bool:
    """Return whether this browser shows the wall, which has no navigation."""
    address = str(getattr(st.context, "url", None) or "")
    return address.partition("?")[0].rstrip("/").endswith("/wall")


def sidebar() -> None:
    """Draw the search box, the day shown, and whose data this is."""
    with st.sidebar:
        with st.form("find", border=False, enter_to_submit=True):
            text = st.text_input(
                "Find",
                placeholder="Order, PO, SKU, customer, tracking",
                help="Ctrl+K goes anywhere: screens, saved views, numbers.",
                icon=":material/search:",
                label_visibility="collapsed",
                key="find_text",
            )
            found = st.form_submit_button("Find", width="stretch")
        if found and text.strip():
            go("delivery_dates", q=text.strip())
        today = runtime.today()
        st.date_input(
            "As of",
            value=None,
            min_value=EARLIEST,
            max_value=today,
            format="YYYY-MM-DD",
            key="as_of",
            bind="query-params",
            help="Shows what was open, due and overdue on that day. Empty is today.",
        )
        if state.as_of(today) != today:
            st.button("Back to today", icon=":material/today:", on_click=state.choose_as_of, args=(None,))
        account.panel()


def open_page(key: str, sentence: str = "", *, title: str = "") -> Opened:
    """Draw a screen's head and return the day that it shows; a screen that cannot be seen stops here.

    `title` stands in place of the screen's own where it shows one thing of many.
    """
    screen = menu.screen(key)
    today = runtime.today()
    state.enter(key)
    opened = Opened(screen, state.as_of(today), today, runtime.actor().role_text)
    if not menu.allowed(runtime.actor(), screen):
        _not_yours(screen)
    demo = _ready()
    with st.sidebar:
        palette.draw(runtime.actor())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(wording.plain(title or screen.title), anchor=False, width="content")
        if demo:
            st.badge(
                "DEMO DATA",
                icon=":material/science:",
                color="orange",
                help="Invented data, dated around today.",
            )
        if not opened.live:
            st.badge(f"as of {wording.day(opened.as_of)}", icon=":material/history:", color="blue")
        st.space("stretch")
        if st.button("Help", icon=":material/help:", type="tertiary", key=f"help_{key}"):
            _help(screen)
    if sentence:
        say(sentence)
    return opened


def _not_yours(screen: menu.Screen) -> NoReturn:
    """Say that the person's roles do not have this screen, and whom to ask; end the screen."""
    st.title(screen.title, anchor=False)
    who = role_names(authority.whom_to_ask(screen.permission))
    nothing_here(
        "Your roles do not include this screen.",
        todo=f"People with one of these roles have it: {who}. Ask one of them, or an administrator for a role.",
        key=menu.HOME,
        label=f"Go to {menu.screen(menu.HOME).title}",
    )
    st.stop()


def say(sentence: str) -> None:
    """Draw the sentence that tells a screen's state."""
    st.markdown(f":gray[{sentence}]")


def link(
    key: str, label: str, opened: Opened | None = None, *, icon: str | None = None, **parameters: str
) -> None:
    """Draw a link to a screen with URL parameters, on the same day."""
    asked = {**(opened.day if opened else {}), **parameters}
    st.page_link(
        menu.screen(key).file,
        label=wording.plain(label),
        icon=f":material/{icon}:" if icon else None,
        icon_position="right",
        query_params=asked or None,
    )


def address(key: str, opened: Opened | None = None, **parameters: str) -> str:
    """Return the relative address of a screen, for link columns."""
    from urllib.parse import urlencode

    asked = {**(opened.day if opened else {}), **parameters}
    path = "/" if key == menu.HOME else f"/{key}"
    return f"{path}?{urlencode(asked)}" if asked else path


def go(key: str, **parameters: str) -> None:
    """Leave for another screen."""
    st.switch_page(menu.screen(key).file, query_params=parameters)


def refused(refusal: runtime.Refused | DomainError) -> None:
    """Draw a refusal: what, and how to mend it."""
    fix = f"  \n{wording.plain(refusal.fix)}" if refusal.fix else ""
    st.error(f"{wording.plain(refusal.message)}{fix}  \n:small[`{refusal.code}`]", icon=":material/error:")


def nothing_here(why: str, *, todo: str = "", key: str = "", label: str = "", **parameters: str) -> None:
    """Draw an empty state: why it is empty, what to do, and one way on."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"**{why}**", width="content")
        if todo:
            st.caption(todo, width="content")
        if key:
            link(key, label, icon="arrow_forward", **parameters)


def no_orders() -> NoReturn:
    """Say that there is no data yet, with the way to some, and end the screen."""
    nothing_here(
        "No orders yet.",
        todo="Import your own order extract, or fill the database with the demo: python -m seed demo",
        key="imports",
        label="Import orders",
    )
    st.stop()


def old_book(opened: Opened) -> None:
    """Offer the last day of a book that ends long before the day shown."""
    last = runtime.read(data.last_day)
    if last is not None and last < opened.as_of - timedelta(days=LONG_DAYS):
        st.button(
            f"Show {wording.day(last)}, the last day with data",
            icon=":material/history:",
            on_click=state.choose_as_of,
            args=(last,),
        )


def _ready() -> bool:
    """Stop with a sentence when the database cannot be read; return whether it is the demo."""
    try:
        return runtime.read(data.is_demo)
    except DomainError as refusal:
        refused(refusal)
    except Exception:
        way_in.unreadable()
    st.stop()


def _help(screen: menu.Screen) -> None:
    page = HELP / screen.help_file

    @st.dialog(f"Help: {screen.title}", width="large")
    def show() -> None:
        st.markdown(page.read_text("utf-8"))

    show()

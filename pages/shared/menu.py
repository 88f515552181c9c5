"""The map of the tower: its screens by section, as data. The shell, links, help and tests read it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from domain.services.access import authority
from domain.vocabulary.actor import Actor
from domain.vocabulary.permissions import Permission


@dataclass(frozen=True)
class Screen:
    """One entry: `key` is its URL path, `file` lies under pages/, `tip` is what it is for in one sentence.

    Who lacks `permission` sees neither the entry nor, by a typed address, the screen. A screen that is not `visible`
    is reached by links.
    """

    key: str
    section: str
    file: str
    title: str
    icon: str
    tip: str
    visible: bool = True
    permission: Permission = Permission.ORDERS_SEE

    @property
    def help_file(self) -> str:
        """Return the name of its help page under docs/how_to/screens/."""
        return self.file.removesuffix(".py").replace("/", "_") + ".md"


SCREENS = (
    Screen("tower", "Monitor", "tower/tower.py", "Tower", "monitoring", "The state of the book, and what is late or about to be."),
    Screen("wall", "Monitor", "tower/wall.py", "Wall", "tv", "The same figures for a screen on the wall; updates itself."),
    Screen("orders", "Work", "work/orders.py", "Orders", "list_alt", "Every order line by filter; views are links."),
    Screen("order", "Work", "work/order.py", "Order", "receipt_long", "One order with everything that happened to it.", False),
    Screen("holds", "Work", "work/holds.py", "Holds", "pan_tool", "What is held and why, by type, age and value; review and release.", permission=Permission.HOLD_SEE),
    Screen("approvals", "Work", "work/approvals.py", "Approvals", "approval", "What waits for your decision, and what you asked for.", permission=Permission.APPROVALS_SEE),
    Screen("my_changes", "Work", "work/my_changes.py", "My changes", "history", "What you did lately, what became of it, undo and redo."),
    Screen("delivery_dates", "Promise", "promise/delivery_dates.py", "Delivery dates", "event_available", "One box for any number: when does it come, and why."),
    Screen("availability", "Promise", "promise/availability.py", "Availability", "fact_check", "Can we deliver so many by a day: from which site, and when otherwise."),
    Screen("backorders", "Supply", "supply/backorders.py", "Backorders", "pending_actions", "What is behind, why, since when, worth what, and when it could be covered."),
    Screen("backorder_run", "Supply", "supply/backorder_run.py", "Backorder run", "swap_vert", "Who gets scarce stock: simulate, commit exactly as shown, undo.", permission=Permission.RUN_SIMULATE),
    Screen("expedite", "Supply", "supply/expedite.py", "Expedite", "bolt", "Who could give to one line with the least harm, beside doing nothing.", False, Permission.EXPEDITE),
    Screen("on_time", "Insight", "insight/on_time.py", "On time", "query_stats", "On-time figures with rule, numerator and denominator."),
    Screen("customers", "Master data", "master/customers.py", "Customers", "apartment", "Terms, policies and owners of customers.", permission=Permission.MASTER_SEE),
    Screen("ship_tos", "Master data", "master/ship_tos.py", "Ship to addresses", "local_shipping", "Where goods arrive, in which zone, on which days.", permission=Permission.MASTER_SEE),
    Screen("skus", "Master data", "master/skus.py", "SKUs", "inventory_2", "Lifecycle, prices and lead times of SKUs.", permission=Permission.MASTER_SEE),
    Screen("site_parameters", "Master data", "master/site_parameters.py", "Site parameters", "tune", "Safety stock, reorder points and lead times per site.", permission=Permission.MASTER_SEE),
    Screen("calendars", "Master data", "master/calendars.py", "Calendars", "calendar_month", "Working hours and exceptions that clocks run on.", permission=Permission.MASTER_SEE),
    Screen("imports", "Control", "control/imports.py", "Imports", "upload_file", "Bring an order extract in, mend its rows, undo it.", permission=Permission.IMPORT),
    Screen("audit", "Control", "control/audit.py", "Audit", "policy", "Every change: who, when, before and after, and why.", permission=Permission.AUDIT_READ),
    Screen("integrity", "Control", "control/integrity.py", "Integrity", "verified_user", "Whether what must hold holds: laws, audit chain, backups.", permission=Permission.INTEGRITY_SEE),
    Screen("users", "Control", "control/users.py", "Users", "group", "Who may sign in, with which roles and reach.", permission=Permission.USERS_MANAGE),
    Screen("profile", "Control", "control/profile.py", "Profile", "badge", "Your roles, your sign-ins, your password.", False, Permission.PROFILE_EDIT),
)  # fmt: skip
HOME = "tower"


def screen(key: str) -> Screen:
    """Return the screen of that key."""
    return next(found for found in SCREENS if found.key == key)


def allowed(actor: Actor, found: Screen) -> bool:
    """Return whether the actor may see a screen."""
    return authority.may(actor, found.permission)


def sections(actor: Actor) -> dict[str, list[st.Page]]:
    """Return the navigation: pages by section, in order. Made anew for each run, as Streamlit expects.

    A screen that the actor may not see is known to the navigation but hidden: its typed address says why.
    """
    menu: dict[str, list[st.Page]] = {}
    for found in SCREENS:
        page = st.Page(
            found.file,
            title=found.title,
            icon=f":material/{found.icon}:",
            url_path=found.key,
            default=found.key == HOME,
            visibility="visible" if found.visible and allowed(actor, found) else "hidden",
            help=found.tip,
        )
        menu.setdefault(found.section, []).append(page)
    return menu

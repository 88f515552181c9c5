"""What the roles are called by people, and where each begins its day."""

from __future__ import annotations

from collections.abc import Iterable

from domain.vocabulary.statuses import Role

ROLE_NAMES = {
    Role.ASSOC: "Associate",
    Role.LEAD: "Team lead",
    Role.MGR: "Manager",
    Role.DIRECTOR: "Director",
    Role.SALES: "Sales",
    Role.CREDIT: "Credit",
    Role.PLAN: "Planner",
    Role.BILL: "Billing",
    Role.CONTROLLER: "Controller",
    Role.COMPL: "Trade compliance",
    Role.WHSE: "Warehouse",
    Role.TRANS: "Transport",
    Role.MDM: "Master data",
    Role.EDI: "Integration",
    Role.QA: "Quality",
    Role.ADMIN: "Administrator",
}


def role_names(roles: Iterable[str]) -> str:
    """Return roles as people read them, in the order of the list above."""
    found = set(roles)
    return ", ".join(name for role, name in ROLE_NAMES.items() if role in found)


def home(roles: Iterable[str]) -> str:
    """Return the path where people with these roles begin: sales at Delivery dates, everybody else at the Tower."""
    return "/delivery_dates" if set(roles) == {Role.SALES} else "/"

"""Working calendars: weekly windows and dated exceptions in the calendar's own zone (domain.md 4.2)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Recorded, key, reference
from db.types import Day


class Calendar(Recorded, Base):
    """A named set of working hours; `tz` is an IANA name, never an offset."""

    __tablename__ = "calendar"
    calendar_id: Mapped[int] = key()
    name: Mapped[str] = mapped_column(unique=True)
    tz: Mapped[str]


class CalendarWindow(Base):
    """One weekly opening; minutes of the local day, end up to 1440 (24:00)."""

    __tablename__ = "calendar_window"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint(
            "0 <= start_minute and start_minute < end_minute and end_minute <= 1440", name="minutes"
        ),
        UniqueConstraint("calendar_id", "weekday", "start_minute"),
    )
    window_id: Mapped[int] = key()
    calendar_id: Mapped[int] = reference("calendar.calendar_id")
    weekday: Mapped[int]
    start_minute: Mapped[int]
    end_minute: Mapped[int]


class CalendarException(Base):
    """A date whose windows replace the weekly ones; an empty list is a holiday.

    `windows` is JSON text: [[start_minute, end_minute], …].
    """

    __tablename__ = "calendar_exception"
    __table_args__ = (UniqueConstraint("calendar_id", "on_day"),)
    exception_id: Mapped[int] = key()
    calendar_id: Mapped[int] = reference("calendar.calendar_id")
    on_day: Mapped[date] = mapped_column(Day)
    windows: Mapped[str] = mapped_column(default="[]")
    name: Mapped[str]

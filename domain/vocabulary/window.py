"""The window around a promised day inside which a delivery counts as on time."""

from __future__ import annotations

from dataclasses import dataclass

from domain.vocabulary.errors import DomainError


@dataclass(frozen=True)
class Window:
    """How many days before and after the promised day still count; None is unlimited."""

    early: int | None = None
    late: int | None = 0

    @staticmethod
    def parse(text: str) -> Window:
        """Read "EARLY:LATE" with unsigned whole days; an empty side is unlimited ("7:0", ":0", "14:").

        Raises DomainError kpi.window_invalid for anything else.
        """
        early, colon, late = text.strip().partition(":")
        if colon != ":" or not all(
            side == "" or (side.isascii() and side.isdigit()) for side in (early, late)
        ):
            raise DomainError(
                "kpi.window_invalid",
                f"The window {text!r} is not EARLY:LATE in whole days.",
                fix='Write for example "7:0" for up to 7 days early and 0 late; leave a side empty for no limit.',
                value=text,
            )
        return Window(int(early) if early else None, int(late) if late else None)

    def __str__(self) -> str:
        early = "any number of days early" if self.early is None else f"up to {self.early} days early"
        late = "any number of days late" if self.late is None else f"up to {self.late} days late"
        return f"{early}, {late}"

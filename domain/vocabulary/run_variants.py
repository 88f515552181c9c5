"""What a variant of a backorder run says: segments, scope, quotas, safety stock, violations (domain.md 7.6).

Stored as JSON text of `VariantSpec` in `run_variant.spec`; a run keeps the text that it was made from.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.vocabulary.allocation import Pegging, Sequencing, Strategy, ViolationRule
from domain.vocabulary.statuses import Channel, OrderType

Percent = Annotated[float, Field(ge=0, le=1)]


class LineSelection(BaseModel):
    """Which lines are meant; an empty list or None is "any", and every given criterion must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tiers: tuple[int, ...] = ()
    segments: tuple[str, ...] = ()
    customer_ids: tuple[int, ...] = ()
    channels: tuple[Channel, ...] = ()
    order_types: tuple[OrderType, ...] = ()
    priorities_up_to: int | None = Field(default=None, ge=1, le=9)
    sku_ids: tuple[int, ...] = ()
    families: tuple[str, ...] = ()
    site_ids: tuple[int, ...] = ()
    order_ids: tuple[int, ...] = ()
    line_ids: tuple[int, ...] = ()
    requested_from: date | None = None
    requested_to: date | None = None
    unconfirmed_only: bool = False
    least_value: int | None = Field(default=None, ge=0, description="open value in whole currency units")


class Segment(BaseModel):
    """A group of lines that is treated alike; a line belongs to the first segment that selects it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=60)
    selection: LineSelection = LineSelection()
    strategy: Strategy
    sequencing: Sequencing = Sequencing.PRIORITY_TIER


class VariantSpec(BaseModel):
    """The rules of a run. Lines in scope that no segment selects get `otherwise`; lines out of scope count as SKIP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    segments: tuple[Segment, ...]
    scope: LineSelection = LineSelection()
    otherwise: Strategy = Strategy.SKIP
    from_scratch: bool = False
    violations: ViolationRule = ViolationRule.STOP
    fallback_code: str | None = None
    use_quotas: bool = True
    use_protections: bool = True
    use_sourcing: bool = True
    safety_stock_dig: Percent = 0.0
    dig_tier: int = Field(default=1, ge=1, le=4)
    sharing_weights: tuple[int, int, int, int] = (1_000, 1_000, 1_000, 1_000)
    horizon_days: int = Field(default=180, ge=1, le=730)
    receipt_delay_days: int = Field(default=1, ge=0, le=30)
    planned_receipts_count: bool = True
    pegging: Pegging = Pegging.EARLIEST
    approval_retracted_above: int | None = Field(
        default=None, ge=0, description="whole currency units taken back"
    )

"""How long a rerun of Tower and Orders takes on a big book, beside the budget.

The script runs as Streamlit runs it (its own test runner), answers in the cache as after anybody's first look; the
95th percentile counts. `cold` is the first look after the data changed. Big lists are delivered as the server
delivers them, a page at a time: the test runner alone would send them whole.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from domain.settings import settings
from pages.shared import identity, runtime
from seed.scale import scale
from tests.benchmarks.browser_token import signed_in_context
from tests.benchmarks.measure import Measure, scratch_database

MAIN = str(Path(__file__).resolve().parents[2] / "pages" / "main.py")
RERUNS = 40
BUDGET_SECONDS, FIRST_PAINT_SECONDS = 0.150, 2.0
SCREENS = {"tower": "tower/tower.py", "orders": "work/orders.py", "wall": "tower/wall.py"}


def measures(lines: int) -> Iterator[Measure]:
    """Yield the rerun of each screen against the budget of performance.md 4, and its first look."""
    with scratch_database() as engine:
        scale(engine, lines=lines, today=runtime.today())
        os.environ["DATABASE_URL"] = engine.url.render_as_string()
        settings.cache_clear()
        st.cache_resource.clear()
        for name, file in SCREENS.items():
            with as_served():
                cold, warm = _timed(file)
            rerun = statistics.quantiles(warm, n=20)[-1]
            yield Measure(f"pages_{name}_rerun_p95", rerun, "budget of a rerun", BUDGET_SECONDS, 1.0, lines)
            yield Measure(
                f"pages_{name}_cold", cold, "budget of a first look", FIRST_PAINT_SECONDS, 1.0, lines
            )


@contextmanager
def as_served() -> Iterator[None]:
    """Let lists load lazily: register their source as a running server does, and hide the test runner's mark."""
    sources = SimpleNamespace(
        register_source=lambda source, place, page_size: SimpleNamespace(source_id=place, page_size=page_size)
    )
    options = SimpleNamespace(get_option=lambda name: name != "global.appTest" and config.get_option(name))
    with (
        patch.object(identity.st, "context", signed_in_context(runtime.engine(), runtime.now())),
        patch("streamlit.elements.arrow._get_dataframe_source_mgr", lambda: sources),
        patch("streamlit.dataframe.lazy_df_source.config", options),
    ):
        yield


def _timed(file: str) -> tuple[float, list[float]]:
    app = AppTest.from_file(MAIN, default_timeout=120)
    app.run()  # registers the screens; what it read is forgotten again
    st.cache_data.clear()
    started = time.perf_counter()
    app.switch_page(file).run()
    cold = time.perf_counter() - started
    assert not app.exception, app.exception
    assert any("open line" in told.value or "lines" in told.value for told in app.markdown) or "wall" in file
    warm = []
    for _ in range(RERUNS):
        started = time.perf_counter()
        app.run()
        warm.append(time.perf_counter() - started)
    return cold, warm

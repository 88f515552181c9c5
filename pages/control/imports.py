"""Imports: bring files in, correct rows that were held back, look back and undo."""

from __future__ import annotations

from db.queries import imports as queries
from db.queries import quarantine
from pages.shared import frame, import_bring_in, import_history, import_problems, linked, runtime, wording

opened = frame.open_page("imports")
held = runtime.read(quarantine.held_count)
done = runtime.read(queries.batches)
last = f" · last {wording.instant(done['imported_at'].iloc[0].to_pydatetime())}" if len(done) else ""
frame.say(
    f"{wording.lines(len(done), 'import')}{last} · {wording.lines(held, 'row')} waiting for a correction"
)

views = {
    "bring_in": ("Bring in", import_bring_in.show),
    "problems": (f"Problems · {wording.count(held)}", import_problems.show),
    "history": (f"History · {wording.count(len(done))}", import_history.show),
}
view = linked.segments("view", {name: label for name, (label, _) in views.items()}, label="View")
views[view][1](opened)

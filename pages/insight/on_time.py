"""on_time."""
from pages.shared import frame
opened = frame.open_page("on_time", "hello")

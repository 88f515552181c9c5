"""order."""
from pages.shared import frame
opened = frame.open_page("order", "hello")

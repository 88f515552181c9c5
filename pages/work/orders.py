"""orders."""
from pages.shared import frame
opened = frame.open_page("orders", "hello")

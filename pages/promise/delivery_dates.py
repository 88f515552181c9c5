"""delivery_dates."""
from pages.shared import frame
opened = frame.open_page("delivery_dates", "hello")

"""Tower."""
from pages.shared import frame
opened = frame.open_page("tower", "hello")

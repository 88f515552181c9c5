"""wall."""
from pages.shared import frame
opened = frame.open_page("wall", "hello")

"""imports."""
from pages.shared import frame
opened = frame.open_page("imports", "hello")

"""Documents to and from the outside; everything here calls services to change anything."""

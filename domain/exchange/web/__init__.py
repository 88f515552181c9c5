"""Pages and guards that the server answers itself, beside the screens: the sign-in, and the gate before everything."""

"""Who signs in and what they may do: people, sessions, passwords, authority."""

"""What goes wrong around a gateway under load, and what becomes of what it has accepted."""

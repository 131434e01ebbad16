"""What goes wrong in a way that the person at the terminal can mend."""


class Trouble(Exception):
    """A message for the person at the terminal; exit 1."""

class Unavailable(Exception):
    """Redis does not answer: nothing was accepted that could be lost."""

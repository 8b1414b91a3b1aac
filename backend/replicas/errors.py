class Unavailable(Exception):
    """Redis does not answer, or not as it should: nothing was accepted that could be lost."""


class Full(Unavailable):
    """Redis has no memory for what was to be written; all that it holds can be read."""

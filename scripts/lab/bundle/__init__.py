"""One archive with all that a class needs, to set machines up without a network."""

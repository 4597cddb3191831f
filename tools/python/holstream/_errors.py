class HolstreamError(ValueError):
    """A file that cannot be used, with the reason and, where there is one, the remedy."""

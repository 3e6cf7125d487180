"""Named states of a site: taken, compared, published again, and promoted from channel to channel."""

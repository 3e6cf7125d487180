"""A stick with a site, brought to machines that have a Python and nothing else: no pip, no ensurepip, no network."""

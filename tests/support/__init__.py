"""What the tests share: wheels, indexes, sites, processes to kill."""

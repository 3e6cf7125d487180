"""Every client beside every host: what really installs from a site with the network shut, as one table."""

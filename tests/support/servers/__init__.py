"""Servers on loopback: the index, web servers, our own server, and what all of them share."""

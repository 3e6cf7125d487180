"""How long mirrors and indexes take, beside other tools: run by ``make bench``, never by a test."""

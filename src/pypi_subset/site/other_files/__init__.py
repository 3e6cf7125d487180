"""Other files of a site, and what is generated about them: a page, and the list of CPython archives that uv reads."""

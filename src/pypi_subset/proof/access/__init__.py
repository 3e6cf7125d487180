"""The routes by which a case reaches the site."""

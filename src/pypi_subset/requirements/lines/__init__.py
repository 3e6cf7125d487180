"""Requirements files: lines and options as pip reads them."""

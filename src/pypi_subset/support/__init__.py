"""What knows nothing of packages: files, staging, threads, progress, HTML."""

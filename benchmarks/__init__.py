"""What is measured, against whom; `make bench` writes RESULTS.md."""

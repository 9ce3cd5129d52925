"""The stored trail in use: read by pages, verified, and put before its witness."""

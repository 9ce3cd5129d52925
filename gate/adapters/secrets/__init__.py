"""Secrets: found by Kingfisher's engine, in this process and offline."""

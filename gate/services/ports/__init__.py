"""What the use cases need from the outside, as protocols; the adapters implement them."""

"""Ways to tell people that reviews wait."""

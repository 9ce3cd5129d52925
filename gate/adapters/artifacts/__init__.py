"""Files that an agent left as proof: test reports, coverage reports, pictures."""

"""What pages show, one question a file: read only, through the ports."""

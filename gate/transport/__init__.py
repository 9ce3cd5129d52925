"""How git reaches the gate: smart HTTP, in front of git's own upload-pack and receive-pack."""

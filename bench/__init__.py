"""What the gate costs, measured: `python -m bench` runs everything, `python -m bench NAME` one benchmark."""

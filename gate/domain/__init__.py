"""What the gate knows: pure values and rules, standard library only."""

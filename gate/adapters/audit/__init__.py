"""The audit trail's formats: its tables and chain in SQL, signed heads, exports, and the witness file."""

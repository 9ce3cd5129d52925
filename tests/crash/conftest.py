from tests.running.fixtures import behind, gate, installation

__all__ = ["behind", "gate", "installation"]

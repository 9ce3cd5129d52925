"""What a project needs of others: manifests, lock files, and the rules about them."""

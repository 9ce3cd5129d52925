"""One gate repository on disk: held pushes, history, upstream, and the hooks in it."""

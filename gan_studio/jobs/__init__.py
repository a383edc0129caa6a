"""Long work as generators of events. The window and the command line iterate the same jobs."""

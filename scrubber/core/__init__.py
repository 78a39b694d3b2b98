"""The pure room: no clock, thread, logging or I/O."""

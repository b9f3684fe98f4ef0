"""Folders of this machine: durable writes, volumes, names, locks, and the one door through which one is changed."""

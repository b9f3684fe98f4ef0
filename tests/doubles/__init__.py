"""Stand-ins for what fails: file systems, phones, disks whose power is cut."""

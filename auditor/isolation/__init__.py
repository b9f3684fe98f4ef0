"""Work on hostile bytes in processes of their own: limits of memory, CPU and time, and signs of life."""

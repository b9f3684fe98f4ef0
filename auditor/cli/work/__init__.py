"""What commands do whose work needs much: each is imported when it is carried out, not for its help."""

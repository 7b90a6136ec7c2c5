"""What the course is: its chapters, its stages, and parts of their files."""

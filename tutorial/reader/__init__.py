"""What a reader's commands do: a folder to work in, and what is done and said there."""

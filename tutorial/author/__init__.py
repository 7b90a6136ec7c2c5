"""What whoever writes chapters needs: the book, commits, pictures, proofs, and the tests."""

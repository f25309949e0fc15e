"""What is examined and kept while training goes on."""

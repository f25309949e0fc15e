"""What learns, by which loss, with which memory, in how many processes."""

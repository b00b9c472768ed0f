"""What a gap may hide of the graph: nodes that edges which were not seen may enter, by what families read."""

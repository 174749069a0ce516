"""What reads each kind of source, in the file of the kind's name; `read_source` lists them."""

"""What prepares each kind of feature, in the file of the kind's name; `preparers` lists them."""

"""What every store of clips has to do, whichever engine keeps them (`store.interface`)."""

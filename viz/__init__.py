"""Tables drawn: figures for papers and the interactive page."""

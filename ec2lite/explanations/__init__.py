"""What goes over the wire, shown: a request before it is sent, an answer part by part."""

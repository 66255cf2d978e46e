"""Where credentials come from: one provider a file, and the chain that lists them."""

"""Lets tests import what stands beside them."""

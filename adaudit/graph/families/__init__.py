"""Families of edges: each reads the facts and tells the steps that they show, with their proofs."""

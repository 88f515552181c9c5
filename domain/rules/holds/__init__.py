"""Holds: what each type blocks, who may release it and up to which value, and which types end by themselves."""

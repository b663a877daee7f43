"""Pipelines: the one room that knows the others, one file a command.

Facts (exchanges) come first, interpretation (judgements, findings) after, presentation last; nothing flows back.
"""

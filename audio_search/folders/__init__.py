"""Folders full of sounds: which files are there, what they are labelled, and how they get indexed.

Asks a service through `audio_search.client`; knows nothing of what is in it, nor of the terminal.
"""

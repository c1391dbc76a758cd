"""The page at /ui: search, listen, compare, and keep the index, in a browser.

Only `mount` and `layout` need Gradio, which is for the process of the gateway alone.
"""

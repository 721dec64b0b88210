"""Few-Shot Lens: classify a few-shot episode and see why.

One pipeline, one direction; every module is a step of it:

    image -> episode -> features -> prediction -> explanation -> figure -> page

The app (`app.py`), the command lines (`python -m fsl_core.classify`, `.evaluate`, `.train`) and a notebook all walk the
same steps. Importing this package imports nothing heavy.
"""

__version__ = "0.1.0"

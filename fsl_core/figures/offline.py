"""What a page needs to draw figures without a network."""

from functools import cache


@cache
def plotly_js() -> str:
    """The library that draws a figure's JSON in a browser, some 5 MB of JavaScript."""
    from plotly.offline import get_plotlyjs

    text: str = get_plotlyjs()
    return text

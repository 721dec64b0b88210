"""The words of few-shot learning in one place: as the help of labels and headings, and all together in a list."""

import html

import streamlit as st

WORDS = {  # the word as labels ask for it: how it is written, what it means
    "episode": ("Episode", "One task: a support set and the queries that are asked about it."),
    "support": ("Support set", "The examples: labelled pictures, and all that is known of the classes."),
    "query": ("Query", "A picture to ask about. It is compared with the support set of every class."),
    "way": ("Way", "The number of classes in an episode."),
    "shot": ("Shot", "The number of support pictures of each class."),
    "prototype": ("Prototype", "The mean of the features of a class's examples, which stands for the class."),
    "feature": (
        "Features",
        "What a backbone makes of a picture: one list of numbers for each cell, and their mean for the whole picture.",
    ),
    "component": (
        "Principal component",
        "A direction among the features along which pictures differ; the first one is that along which they differ "
        "most. A picture's place along it is its coordinate.",
    ),
    "trustworthiness": (
        "Trustworthiness",
        "How many neighbours on a map are true ones: 1 if all are, about 0.5 if pictures were strewn at random. Of n "
        "pictures with k neighbours each it is 1 − 2 Σ (r − k) / (n k (2n − 3k − 1)); the sum is over the false ones, "
        "and r is their rank by the features (Venna, Kaski, ICANN 2001).",
    ),
    "weight": ("Weight", "How much a region counts: its share of the mass of its picture, which is 1 in all."),
    "cross_reference": (
        "Cross-reference",
        "A region's weight is the inner product of its features and the mean features of the other image, at least 0.",
    ),
    "similarity": ("Similarity, cost", "How alike two regions are, at most 1. To join them costs 1 − similarity."),
    "feature_similarity": (
        "Similarity of pictures",
        "The cosine of their feature vectors, the mean over all regions: 1 where they point the same way, 0 where they "
        "have nothing in common. Of regions, the cosine of their own features.",
    ),
    "flow": (
        "Plan, flow",
        "The plan joins the regions of two pictures at the least cost. A flow is one entry of it: the mass that goes "
        "from one region to another.",
    ),
    "price": (
        "Price (dual potential)",
        "What one unit of mass is worth at a pile or at a hole. The two prices of a pair are at most its cost; where "
        "mass flows they are equal to it.",
    ),
    "blur": (
        "Entropic blur (ε)",
        "Sinkhorn's solver is paid a little for spreading its plan, ε times its entropy. A larger ε gives a plan that "
        "is more spread, costs more, and is quicker to find.",
    ),
    "attention": (
        "Attention",
        "How a region looks at the regions of another picture: shares that sum to 100 %, large where its query vector "
        "and their key vectors agree. A backbone learns these vectors in its attention heads.",
    ),
    "spatial_similarity": (
        "Spatial similarity",
        "How alike two pictures are at one position once each is aligned to the other: the sum of two cosines. Over "
        "all positions it comes to the score.",
    ),
    "temperature": (
        "Temperature",
        "The factor between the score and the logit. A higher one makes the answers more decided.",
    ),
    "heat": (
        "Heat map",
        "A number for every place of a picture: how much it speaks for the target (positive) or against it (negative), "
        "by one method.",
    ),
    "deletion": (
        "Deletion, insertion",
        "The picture is blurred cell by cell in the order of a heat map, or brought back from the blur. By a good map "
        "the probability falls fast in the one and rises fast in the other.",
    ),
    "pointing": ("Pointing game", "A map hits if its largest value lies on the object, and misses otherwise."),
    "influence": (
        "Influence (leave-one-out)",
        "What one example does to an answer: the classifier is asked with it and without it, and the answers compared.",
    ),
    "margin": ("Margin", "The logit of the answer minus the largest logit of another class."),
    "logit": ("Logit", "The score of a class before it becomes a probability. The highest one is the answer."),
}


def explain(*words: str) -> str:
    """Markdown that says what the words mean, for the `help` of a label."""
    return "\n\n".join(f"**{title}**: {meaning}" for title, meaning in (WORDS[word] for word in words))


def popover() -> None:
    """A button that lists all words."""
    with st.popover("Words", icon=":material/menu_book:", type="tertiary", key="fsl_words"):
        entries = (f"<dt>{html.escape(title)}</dt><dd>{html.escape(meaning)}</dd>" for title, meaning in WORDS.values())
        st.html(f'<dl class="fsl-glossary" aria-label="Words of few-shot learning">{"".join(entries)}</dl>')

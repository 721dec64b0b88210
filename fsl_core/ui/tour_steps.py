"""Where the guided tour stops: one table."""

from typing import NamedTuple


class Step(NamedTuple):
    """One stop of the tour.

    Attributes:
        page: address of the page, which is also the name of its file.
        place: name of the spot on the page, as the page gives it to `tour.here`.
        text: HTML.
        shown: CSS selectors of what is outlined.
        in_depth: whether only the tour of its own page stops there, and not the tour of all pages.
    """

    page: str
    place: str
    title: str
    text: str
    shown: tuple[str, ...]
    in_depth: bool = False


STEPS = (
    Step(
        "classify", "examples", "The examples",
        "These pictures are the <b>support set</b>, all that is known of the classes. The number of classes is the "
        "<b>way</b>, the number of pictures of each is the <b>shot</b>: 5 classes with 1 picture each are “5-way "
        "1-shot”.",
        ('[class*="st-key-fsl_classes_"]',),
    ),
    Step(
        "classify", "answers", "The answers",
        "Each picture here is a <b>query</b>: it is compared with the examples of every class. The answer names the "
        "nearest class in words, and the bars give the probability of each class.",
        ('[class*="st-key-fsl_queries_"]',),
    ),
    Step(
        "classify", "switch", "What one example is worth",
        "Press the eye on an example: all answers come again without it, and those that change are marked. “Undo” "
        "brings it back.",
        ('[class*="st-key-fsl_thumb_"] [class*="st-key-fsl_icon_switch_"] button', ".st-key-step_undo button"),
    ),
    Step(
        "why", "why", "Why?",
        "“Why?”, beside each answer, leads here: which regions match, where the classifier looks, and which examples "
        "are nearest. Below each of the three is the way to more of it.",
        (".st-key-fsl_why_matching", ".st-key-fsl_why_heat_map", ".st-key-fsl_why_nearest"),
    ),
    Step(
        "matching", "regions", "Which region goes where",
        "Each region has a <b>weight</b>, shown by its brightness. The bands are the <b>flow</b>: weight goes to where "
        "it costs least, and two regions cost the less the more alike they are. Click a region to see its flows alone.",
        ('[class*="st-key-fsl_bands_"]',),
    ),
    Step(
        "matching", "formula", "How it adds up",
        "Each flow counts as much as its two regions are alike; the sum times the <b>temperature</b> is the "
        "<b>logit</b>. The class with the highest logit is the answer.",
        (".st-key-fsl_formula",),
    ),
    Step(
        "transport", "transport", "How the flow is found",
        "Regions give and take as piles of earth fill holes: the <b>flow</b> is the cheapest way to do it. Change a "
        "pile or a hole in the tables, or click one to see its flows alone.",
        ('[class*="st-key-fsl_moves_"]',),
    ),
    Step(
        "weights", "weights", "What counts",
        "DeepEMD's weights come from the <b>other</b> picture: what looks like it counts more, and the formula says "
        "how much. Choose another class: the same query is weighed anew.",
        ('[class*="st-key-fsl_weight_pair_"]', ".st-key-fsl_weight_formula"),
    ),
    Step(
        "weights", "rules", "By other rules",
        "The same regions, weighed in other ways: all alike, or by how large their cluster is in their own picture. "
        "Only the <b>cross-reference</b> looks at the other picture.",
        (".st-key-fsl_chart_rules",), in_depth=True,
    ),
    Step(
        "weights", "object", "Is it on the object?",
        "A good weight lies on the object and not beside it. Where the object is not known, mark it with a box: then "
        "the share of the weight on it stands here, against what chance would give.",
        (".st-key-fsl_object_marking", ".st-key-fsl_chart_object"), in_depth=True,
    ),
    Step(
        "alignment", "attention", "Where a region looks",
        "Click a region: the other picture shows its <b>attention</b>, the shares in which it looks at the regions "
        "there. A backbone beside the first one shows what its training changed.",
        ('[class*="st-key-fsl_alignment_0_"]',),
    ),
    Step(
        "alignment", "score", "What the score is made of",
        "Each region is compared with what it finds in the other picture, by the formula; the map shows the "
        "<b>similarity</b> at every position. Their mean is the score of the two pictures.",
        ('[class*="st-key-fsl_alignment_formula_"]', ".st-key-fsl_chart_similarities_0"), in_depth=True,
    ),
    Step(
        "alignment", "rebuilt", "Rebuilt from the other picture",
        "What each region finds in the other picture, in place of the region itself. The better the two pictures are "
        "aligned, the more it looks like the first one.",
        (".st-key-fsl_chart_rebuilt_0",), in_depth=True,
    ),
    Step(
        "heat_maps", "heat", "What speaks for the answer",
        "A <b>heat map</b> marks the places of the query that speak for the class. Below it stands whether to believe "
        "it: it must do better than chance when the picture is taken away in its order.",
        ('[class*="st-key-fsl_heat_map_"]',),
    ),
    Step(
        "heat_maps", "believe", "Can I believe it?",
        "The map names the order in which the picture is taken away. If the answer then falls faster than in a random "
        "order, and a network that has forgotten all gives another map, it is <b>believable</b>.",
        (".st-key-fsl_verdict",), in_depth=True,
    ),
    Step(
        "heat_maps", "all_methods", "All methods",
        "Every method asks in a way of its own: by gradients, or by covering parts of the picture. Compare them: where "
        "they disagree, believe none blindly.",
        (".st-key-fsl_heat_compare button", ".st-key-fsl_chart_heat_maps"), in_depth=True,
    ),
    Step(
        "neighbours", "neighbours", "What is most alike",
        "These pictures have the features most like the query's: what a backbone takes to be the same. Click one to "
        "see it large, and a region of the query to ask about that alone.",
        ('[class*="st-key-fsl_rows_"]',),
    ),
    Step(
        "neighbours", "large", "How alike",
        "The chosen picture beside the query. The formula is the <b>cosine</b> of their features: 1 for the same "
        "direction, 0 for nothing in common.",
        (".st-key-fsl_chart_neighbour", ".st-key-fsl_neighbour_formula"), in_depth=True,
    ),
    Step(
        "neighbours", "data_set", "In a whole data set",
        "“A data set” looks among its pictures instead of those of this project. Their features are computed once "
        "and kept.",
        (".st-key-fsl_pictures_of",), in_depth=True,
    ),
    Step(
        "feature_space", "space", "Where the pictures lie",
        "Each picture is a point, and those with similar <b>features</b> lie close together: filled marks are "
        "examples, hollow ones queries. Point at one to see its picture.",
        (".st-key-fsl_space", ".st-key-fsl_map"),
    ),
    Step(
        "feature_space", "spectrum", "Spectrum",
        "In how many directions do the features differ? “Spectrum” draws how much the first <b>components</b> explain, "
        "for each backbone: a curve that rises slowly keeps more kinds of differences.",
        (".st-key-fsl_space_view", ".st-key-fsl_spectra"), in_depth=True,
    ),
    Step(
        "feature_space", "component", "Component",
        "What does one direction stand for? “Component” shows the pictures at its two ends, and where in them it is "
        "seen. The formula adds up the cells of a picture.",
        (".st-key-fsl_space_view", ".st-key-fsl_chart_ends"), in_depth=True,
    ),
    Step(
        "influence", "influence", "Who was asked",
        "The classifier is asked again without each example. A bar says what that example adds to the answer, or takes "
        "from it.",
        ('[class*="st-key-fsl_influence_bars_"]',),
    ),
    Step(
        "influence", "without", "With it and without it",
        "The query and one example: the answer with it, the answer without it, and the difference as a formula. The "
        "button leaves it out on every page; “Undo” brings it back.",
        (".st-key-fsl_influence_card",), in_depth=True,
    ),
    Step(
        "influence", "matrix", "Every example, every query",
        "A row for each example, a column for each query. A cross: without that example this query gets another "
        "answer. Click a cell to see its two pictures.",
        (".st-key-fsl_chart_influence_matrix",), in_depth=True,
    ),
    Step(
        "compare", "methods", "Other methods, more examples",
        "Several methods answer the same queries: the prototypical network, for one, compares each with the "
        "<b>prototype</b> of every class, the mean of its examples. Where classes have several examples, the curve at "
        "the end of the page shows what more shots bring.",
        (".st-key-classifiers", ".fsl-compare"),
    ),
    Step(
        "classify", "keep", "Keep it",
        "“Open or save” packs pictures, names and answers into one file. “Report”, below the answers, makes a page to "
        "hand in. “Tour” and “Words”, at the top, are always there.",
        (".st-key-open_or_save button", ".st-key-fsl_report button"),
    ),
)  # fmt: skip

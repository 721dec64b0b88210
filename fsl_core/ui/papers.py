"""The publications of the methods behind figures, as the report cites them and pages name them.

Heat maps and solvers carry their own (`fsl_core.explain.ATTRIBUTIONS`, `fsl_core.transport.SOLVERS`).
"""

DEEPEMD = (
    "Zhang, Cai, Lin, Shen: DeepEMD: Few-Shot Image Classification with Differentiable Earth Mover's Distance and "
    "Structured Classifiers, CVPR 2020"
)
SCORE = "Zhang, Cai, Lin, Shen, CVPR 2020, section 3.2, equation 3"  # of DeepEMD
SCL = "Ouali, Hudelot, Tami: Spatial Contrastive Learning for Few-Shot Classification, ECML PKDD 2021"
EMD = "Rubner, Tomasi, Guibas: A Metric for Distributions with Applications to Image Databases, ICCV 1998"
SINKHORN = "Cuturi: Sinkhorn Distances: Lightspeed Computation of Optimal Transport, NeurIPS 2013"
LEAVE_ONE_OUT = "Cook: Detection of Influential Observation in Linear Regression, Technometrics 1977"
DELETION = "Petsiuk, Das, Saenko: RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018"
POINTING = "Zhang, Lin, Brandt, Shen, Sclaroff: Top-down Neural Attention by Excitation Backprop, ECCV 2016"
PCA = "Pearson: On Lines and Planes of Closest Fit to Systems of Points in Space, Philosophical Magazine 1901"
MAPS = {
    "pca": PCA,
    "tsne": "van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 2008",
    "umap": "McInnes, Healy, Melville: UMAP: Uniform Manifold Approximation and Projection, arXiv:1802.03426, 2018",
}
TRUSTWORTHINESS = (
    "Venna, Kaski: Neighborhood Preservation in Nonlinear Projection Methods: An Experimental Study, ICANN 2001"
)
OF_PAGES = {  # title of a page -> what its figures follow, but for those that name their own
    "Matching": DEEPEMD,
    "Weights": DEEPEMD,
    "Neighbours": SCL,
    "Influence": LEAVE_ONE_OUT,
    "Transport": EMD,
}

"""The trade-off board: the variants of a lineage side by side, by what stored evaluations say of them."""

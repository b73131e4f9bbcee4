"""Does a mask train better models? A small video MAE, pre-trained with any mask of the package.

data (`motions`, `pictures`, `render`, `encode`, `grid_corpus`) -> `clips` -> `arms` -> `model`,
`pretrain` -> `evaluate` -> `jobs` (one JSON line a run) -> `report` (tables, plots).

python -m benchmarks.pretraining --help
"""

"""Does a mask train better models? A small video MAE, pre-trained with any mask of the package.

data (`motions`, `pictures`, `render`, `rendered`; `grid_corpus`, `mouth`) -> `load`, `samples`
-> `arms`, `hidden` -> `model`, `pretrain` -> `scoring`, `probe`, `finetune` -> `runner` (a row)
-> `jobs`, `spread` (lists, GPUs) -> `report` (tables, plots).

python -m benchmarks.pretraining --help
"""

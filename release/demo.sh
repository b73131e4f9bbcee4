#!/bin/bash
# Masks a real clip and says where to look. Usage: demo.sh OUTPUT_FOLDER; mgm-ext and python are those of PATH.
set -euo pipefail

out=$1
clip=$(python - <<'EOF'
from pathlib import Path
from tests import clips
found = clips.real_clips(Path.cwd())
wanted = ["basketball_426x240.mp4", "bikes.mp4", "bigbuckbunny.mp4"]
print(next(str(found[name]) for name in wanted if name in found))
EOF
)
mkdir -p "$out"
mgm-ext info "$clip"
mgm-ext draw "$clip" -o "$out/demo.png"
mgm-ext draw "$clip" -o "$out/demo.mp4"
mgm-ext mask "$clip" --start 0 --stride 4 --frames 16 --grid 8,14,14 --ratio 0.75 -o "$out/mask.npz"
python - "$out/mask.npz" <<'EOF'
import sys
import numpy as np
with np.load(sys.argv[1]) as arrays:
    mask = arrays["mask"]
    share = mask.mean(axis=(1, 2))
print(f"mask: {mask.shape} (slots, rows, columns); masked share of each slot {share.round(2).tolist()}")
EOF
echo
echo "Look at $out/demo.png (one strip per slot: vectors, heat, box, masked patches) and $out/demo.mp4;"
echo "the mask itself is in $out/mask.npz."

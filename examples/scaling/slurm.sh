#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
#SBATCH --job-name=da3
#SBATCH --cpus-per-task=8
#
# sbatch --array=1-64 slurm.sh PHOTOS DEPTH [da3 infer options]: a shard of a shared folder a task. What a task that was
# ended left is done when the same array is submitted again. To submit some of its tasks alone, say which array they are
# of: DA3_ARRAY=1-64 sbatch --array=2,4 slurm.sh ...
set -euo pipefail
refuse() {
    echo "slurm.sh: $1" >&2
    exit 2
}
array=${DA3_ARRAY:-$SLURM_ARRAY_TASK_MIN-$SLURM_ARRAY_TASK_MAX}
array=${array%%%*} # How many run at once, which --array takes too
[[ $array =~ ^[0-9]+-[0-9]+$ ]] || refuse "DA3_ARRAY is FIRST-LAST of the whole array, such as 1-64, found '$array'"
first=$((10#${array%-*})) last=$((10#${array#*-}))
index=$((SLURM_ARRAY_TASK_ID - first + 1))
count=$((last - first + 1))
photos=$1 depth=$2
shift 2
if [[ -z ${DA3_ARRAY:-} && ${SLURM_ARRAY_TASK_COUNT:-$count} != "$count" ]]; then
    refuse "the array has gaps, whose shards nobody would do; submit FIRST-LAST, or give DA3_ARRAY=FIRST-LAST"
fi
((index >= 1 && index <= count)) || refuse "task $SLURM_ARRAY_TASK_ID is none of the array $array"
for manifest in "$depth"/manifest.*-of-*.jsonl; do
    [[ ! -e $manifest || $manifest == *-of-"$count".jsonl ]] ||
        refuse "$manifest is of another division than $count shards; give DA3_ARRAY=FIRST-LAST of the array that began"
done
exec "${DA3:-da3}" infer "$photos" -r -o "$depth" --shard "$index/$count" --threads "${SLURM_CPUS_PER_TASK:-1}" \
    --progress never "$@"

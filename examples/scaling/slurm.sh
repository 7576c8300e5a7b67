#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
#SBATCH --job-name=da3
#SBATCH --cpus-per-task=8
#
# sbatch --array=1-64 slurm.sh PHOTOS DEPTH [da3 infer options]: a shard of a shared folder a task. A task that was
# ended goes on where it stopped when it is submitted again.
set -euo pipefail
first=${SLURM_ARRAY_TASK_MIN:-1}
index=$((SLURM_ARRAY_TASK_ID - first + 1))
count=$((SLURM_ARRAY_TASK_MAX - first + 1))
photos=$1 depth=$2
shift 2
exec "${DA3:-da3}" infer "$photos" -r -o "$depth" --shard "$index/$count" --threads "${SLURM_CPUS_PER_TASK:-1}" --progress never "$@"

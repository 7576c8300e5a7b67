# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
"""spark-submit spark.py PHOTOS OUTPUT [MODEL]: depth as 16-bit PNG in a Parquet table, a row a photo."""

import sys
from collections.abc import Iterator

import pandas as pd
from pyspark.sql import SparkSession

photos, output, model = (*sys.argv[1:], None)[:3]


def depth(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    import da3  # in the executor's own Python worker, which Spark forks before anything is loaded

    network = da3.load(model, threads=1)
    for batch in batches:
        rows = []
        for path, content in zip(batch["path"], batch["content"], strict=True):
            try:
                rows.append((path, network.predict(content).encode("png16"), None))
            except da3.Error as problem:
                rows.append((path, None, problem.code))
        yield pd.DataFrame(rows, columns=["path", "png16", "error"])


spark = SparkSession.builder.appName("da3").getOrCreate()
spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 64)
files = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(photos).select("path", "content")
files.mapInPandas(depth, "path string, png16 binary, error string").write.mode("overwrite").parquet(output)

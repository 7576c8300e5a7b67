# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# The contract of docs/model-format.md on top of tables, features_with and decode_with.


def features(self, image: Tensor) -> Dict[str, Tensor]:
    return self.features_with(image, self.tables(image.size(3), image.size(4)))


def forward(self, image: Tensor) -> Dict[str, Tensor]:
    tables = self.tables(image.size(3), image.size(4))
    return self.decode_with(self.features_with(image, tables), tables, image.size(3), image.size(4))

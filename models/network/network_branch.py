# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# A network of one backbone and one head.


def tables(self, height: int, width: int) -> Dict[str, Tensor]:
    # Everything that depends on the shape alone; a caller may keep it.
    patch = self.head.patch
    assert height % patch == 0 and width % patch == 0 and height > 0 and width > 0, \
        "height {} and width {} must be multiples of {}".format(height, width, patch)
    tables = self.backbone.pretrained.tables(height // patch, width // patch)
    tables.update(self.head.tables(height, width))
    return tables


def features_with(self, image: Tensor, tables: Dict[str, Tensor]) -> Dict[str, Tensor]:
    return self.backbone.pretrained.forward(image, tables, self.use_sdpa)


def decode_with(
    self, features: Dict[str, Tensor], tables: Dict[str, Tensor], height: int, width: int
) -> Dict[str, Tensor]:
    return self.head.forward(features, tables, height, width)


def decode(self, features: Dict[str, Tensor], height: int, width: int) -> Dict[str, Tensor]:
    return self.decode_with(features, self.head.tables(height, width), height, width)

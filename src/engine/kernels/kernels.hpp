// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// Own CPU kernels, on plain memory: no LibTorch here. Each instruction set has its own build of the same text
// (kernels-inl.hpp); `kernels()` chooses one when the program runs, never when it is built.
namespace da3::engine::kernels {

/// softmax(q k^T * scale) v for the rows of one head. Rows are `*_stride` floats apart, each `head_dim`
/// contiguous.
struct AttentionHead {
  const float* q = nullptr;       ///< (num_queries, head_dim)
  float* out = nullptr;           ///< (num_queries, head_dim)
  const float* keys = nullptr;    ///< From pack_keys of the same table
  const float* values = nullptr;  ///< From its pack_values
  std::int64_t q_stride = 0;
  std::int64_t out_stride = 0;
  std::int64_t num_keys = 0;
  std::int64_t head_dim = 0;  ///< A multiple of 32
  float scale = 1;
};

/// Attention with one kind of products.
struct AttentionKernels {
  std::int64_t query_block;  ///< Rows that one call of `attend` takes best

  /// Of keys, and of values.
  std::int64_t (*packed_floats)(std::int64_t num_keys, std::int64_t head_dim);
  void (*pack_keys)(const float* keys, std::int64_t stride, std::int64_t num_keys, std::int64_t head_dim,
                    float* packed);
  void (*pack_values)(const float* values, std::int64_t stride, std::int64_t num_keys, std::int64_t head_dim,
                      float* packed);
  std::int64_t (*scratch_floats)(std::int64_t head_dim);
  /// Rows [begin, end) of the head.
  void (*attend)(const AttentionHead& head, std::int64_t begin, std::int64_t end, float* scratch);
};

/// Norm of queries or keys, each head on its own.
struct Heads {
  std::int64_t num_heads = 0;
  std::int64_t head_dim = 0;      ///< A multiple of four vectors
  const float* weight = nullptr;  ///< (head_dim), as bias
  const float* bias = nullptr;
  const float* shift = nullptr;  ///< (num_heads, head_dim), added first, or null
  float epsilon = 0;
};

/// A bilinear upsampling (align_corners) of (in_height, in_width, channels) of one image, channels last.
struct Upsampling {
  const float* input = nullptr;
  std::int64_t in_height = 0;
  std::int64_t in_width = 0;
  std::int64_t channels = 0;  ///< A multiple of the vector width
  std::int64_t out_height = 0;
  std::int64_t out_width = 0;
};

/// The last stage of the depth heads: upsampling, plus an optional map of constants behind the convolution,
/// 3x3 convolution (zero padding) to 32 channels, ReLU, 1x1 convolution to `num_outputs`.
struct DepthTail {
  Upsampling source;
  const float* weights3 = nullptr;  ///< From ConvolutionKernels::pack of the same table
  const float* bias3 = nullptr;     ///< (32)
  /// Added before the ReLU, or null: (3, out_width, 32) for the columns of the first, an inner and the last
  /// row, plus (out_height, 3, 32), which lie behind them, for the rows of such columns.
  const float* map = nullptr;
  const float* weights1 = nullptr;  ///< (num_outputs, 32)
  const float* bias1 = nullptr;     ///< (num_outputs)
  std::int64_t num_outputs = 0;
  float* out = nullptr;  ///< (num_outputs, out_height, out_width)
};

inline constexpr std::int64_t kTailChannels = 32;

/// 3x3 convolution (zero padding) of an upsampled image.
struct UpsampledConvolution {
  Upsampling source;
  std::int64_t out_channels = 0;   ///< A multiple of the vector width
  const float* weights = nullptr;  ///< From ConvolutionKernels::pack of the same table
  const float* bias = nullptr;     ///< (out_channels), or null
  float* out = nullptr;            ///< (out_height, out_width, out_channels)
};

/// 3x3 convolution of (height, width, in_channels), stride 1, of one image, channels last.
struct Convolution {
  const float* input = nullptr;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t in_channels = 0;  ///< A multiple of the vector width, as out_channels
  std::int64_t out_channels = 0;
  std::int64_t padding = 1;  ///< Zeros around the input, 0 or 1; the output is (height + 2 padding - 2, ...)
  bool relu = false;         ///< The input goes through a ReLU first
  const float* weights = nullptr;  ///< From ConvolutionKernels::pack of the same table
  const float* bias = nullptr;     ///< (out_channels), or null
  /// (height, width, out_channels) added to the result (padding 1, out_stride 0), or null.
  const float* residual = nullptr;
  float* out = nullptr;         ///< (height, width, out_channels), not the input or the residual
  std::int64_t out_stride = 0;  ///< Pixels from a row of `out` to the next; 0: the output's width
};

/// 3x3 convolutions by Winograd's F(4x4, 3x3), with one kind of products.
struct ConvolutionKernels {
  std::int64_t panel;  ///< Outputs that are computed together
  /// Tiles of 4x4 outputs are numbered row by row. Ranges are best multiples of this.
  std::int64_t group;
  std::int64_t (*packed_floats)(std::int64_t in_channels, std::int64_t out_channels);
  /// (out_channels, 3, 3, in_channels) contiguous, transformed; `panel` numbers `panel` outputs.
  void (*pack)(const float* weights, std::int64_t in_channels, std::int64_t out_channels, std::int64_t panel,
               float* packed);
  std::int64_t (*scratch_floats)(const Convolution& convolution);
  /// Tiles [begin, end).
  void (*convolve)(const Convolution& convolution, std::int64_t begin, std::int64_t end, float* scratch);

  // Of upsampled images a tile at a time, so that they never exist.
  std::int64_t tile_rows;
  std::int64_t tile_columns;
  std::int64_t (*upsampled_scratch_floats)(std::int64_t channels, std::int64_t out_channels);
  /// The tile with its top left corner at (row, column) of the output.
  void (*convolve_upsampled)(const UpsampledConvolution& convolution, std::int64_t row, std::int64_t column,
                             float* scratch);
  std::int64_t (*tail_tile_columns)(std::int64_t channels);
  std::int64_t (*tail_scratch_floats)(std::int64_t channels);
  void (*depth_tail)(const DepthTail& tail, std::int64_t row, std::int64_t column, float* scratch);
};

/// out = inputs weights^T + bias, then its GELU, then added to what `out` has, as asked for; all in float32.
struct Linear {
  const float* inputs = nullptr;   ///< (rows, depth)
  const float* weights = nullptr;  ///< (outputs, depth)
  const float* bias = nullptr;     ///< (outputs), or null
  std::int64_t rows = 0;           ///< At least `Kernels::linear_rows`
  std::int64_t depth = 0;
  std::int64_t outputs = 0;  ///< A multiple of the vector width
  bool gelu = false;
  bool add = false;
  float* out = nullptr;  ///< (rows, outputs)
};

/// What codes of a row of inputs stand for: scale * (code - zero).
struct InputScale {
  float scale = 1;
  std::int32_t zero = 0;
};

/// Inputs of a product, and what is done to a row before it is rounded.
struct ProductRows {
  const float* x = nullptr;  ///< (rows, depth)
  std::int64_t rows = 0;
  std::int64_t depth = 0;          ///< A multiple of kProductDepth
  bool normed = false;             ///< (x - mean) / sqrt(variance + epsilon) of the row
  float epsilon = 0;               ///< Of `normed`
  const float* factors = nullptr;  ///< (depth), multiply a row then, for codes of 8 bits alone; null: ones
};

/// out = inputs weights^T + bias, then its GELU, then added to what `out` has, as asked for.
struct Product {
  const std::uint32_t* inputs =
      nullptr;                         ///< (rows up to a multiple of `rows`, depth / factors) from put_rows
  const InputScale* scales = nullptr;  ///< (rows) from put_rows
  const std::uint32_t* weights = nullptr;  ///< From pack
  const float* bias = nullptr;             ///< (outputs), or null
  std::int64_t depth = 0;                  ///< A multiple of kProductDepth
  bool gelu = false;
  bool add = false;
  float* out = nullptr;
  std::int64_t out_stride = 0;
};

inline constexpr std::int64_t kProductDepth = 64;

/// Products of a linear layer with factors below float32, and float32 results.
struct ProductKernels {
  const char* name;      ///< Such as "avx512_vnni"
  std::int64_t panel;    ///< Outputs are a multiple of this
  std::int64_t rows;     ///< Of the register tile
  std::int64_t factors;  ///< In 32 bits: 2 of bfloat16 or of 16 bits, 4 of 8 bits

  /// Where factor k of a row of `depth` lies among the row's: words are filled in the order in which vectors
  /// come out of rounding, weights alike.
  std::int64_t (*place)(std::int64_t k, std::int64_t depth);

  std::int64_t (*packed_words)(std::int64_t outputs, std::int64_t depth);
  /// weights: (outputs, depth) contiguous; `panel` numbers `panel` outputs.
  void (*pack)(const float* weights, std::int64_t depth, std::int64_t panel, std::uint32_t* packed);
  /// Rounds rows of inputs. Codes: by the row's own range or norm, so that rows do not depend on each other.
  /// to: (rows, depth / factors), may begin where x does; scales: (rows).
  void (*put_rows)(const ProductRows& inputs, std::uint32_t* to, InputScale* scales);
  /// Rows [begin, end), begin a multiple of `rows`; inputs of whole tiles are read.
  void (*multiply)(const Product& product, std::int64_t begin, std::int64_t end, std::int64_t panel);
};

inline constexpr std::int64_t kNormedDepth = 16;

/// One instruction set's build.
struct Kernels {
  const char* name;    ///< Such as "avx2"
  std::int64_t panel;  ///< Outputs of linear layers that are computed together

  AttentionKernels attention;

  /// x = gelu(x + shift), the exact form, in place; shift null: none. Error against double: under 3e-7 of
  /// max(1, |x + shift|).
  void (*gelu)(float* x, const float* shift, std::int64_t count);

  /// One token's heads in place, (num_heads, head_dim) contiguous: shift, norm, then rotary embedding with
  /// the token's cosines and sines (head_dim); the sine of the first of a pair has a minus.
  void (*norm_rotate)(const Heads& heads, float* x, const float* cos, const float* sin);

  /// x += shift.
  void (*add)(float* x, const float* shift, std::int64_t count);

  /// x = x * scale + shift.
  void (*scale_and_shift)(float* x, const float* scale, const float* shift, std::int64_t count);

  /// (x - mean) / sqrt(variance + epsilon) of a row of `depth`, a multiple of kNormedDepth.
  void (*put_normed)(const float* x, std::int64_t depth, float epsilon, float* to);

  /// Of the register tile of `linear`.
  std::int64_t linear_rows;
  std::int64_t (*linear_scratch_floats)(std::int64_t depth);
  /// Rows [begin, end), begin best a multiple of `linear_rows`; `panel` numbers `Kernels::panel` outputs.
  void (*linear)(const Linear& linear, std::int64_t begin, std::int64_t end, std::int64_t panel,
                 float* scratch);

  ConvolutionKernels convolution;
};

/// The best build for this processor; null when there is none for it (then LibTorch's operators serve).
const Kernels* kernels();

/// Attention whose factors (queries, keys, values, exponentials) are rounded to bfloat16 and whose sums are
/// float32; null where this processor has no such products, or none that da3 has a build for.
const AttentionKernels* bf16_attention();

/// Attention whose factors are 8-bit codes and whose sums are exact (attention_int8-inl.hpp); head_dim is a
/// multiple of kInt8HeadMultiple, up to 256. Null as for int8_products().
const AttentionKernels* int8_attention();

inline constexpr std::int64_t kInt8HeadMultiple = 64;

/// Products whose inputs and weights are rounded to bfloat16; null as for bf16_attention().
const ProductKernels* bf16_products();

/// Products of 8-bit inputs and weights, summed exactly; null where this processor cannot add four of them in
/// 32 bits (VNNI).
const ProductKernels* int8_products();

/// Products of 16-bit codes of inputs and weights, summed exactly: as close as TF32, as fast as bfloat16.
/// Null where this processor cannot add two of them in 32 bits (AVX512_VNNI).
const ProductKernels* int16_products();

/// Convolutions with such codes of transformed inputs and weights; null as for int16_products().
const ConvolutionKernels* int16_convolutions();

/// The build of that name if this processor runs it, for tests and benchmarks; null otherwise.
const Kernels* kernels_named(const char* name);

}  // namespace da3::engine::kernels

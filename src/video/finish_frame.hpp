// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <video/spare_memory.hpp>
#include <video/video_plan.hpp>

namespace da3::video {

/// Input and look of a frame. A picture without pixels gives an input without. Throws: as depth::prepare.
void prepare_frame(const VideoPlan& plan, Work& work);

/// Depth, pictures and files of a frame: all of it that needs no other frame. Threads: any, one a frame.
void finish_frame(const VideoPlan& plan, Work& work, SpareMemory& spare);

/// Gives the memory of a frame that was written to the next ones.
void keep_memory(Work& work, SpareMemory& spare);

}  // namespace da3::video

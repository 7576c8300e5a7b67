// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <video/av/clips.hpp>
#include <video/av/handles.hpp>

// Sound that is copied into encoded videos, or left out.
namespace da3::video {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kTone = "-f lavfi -i sine=frequency=440:duration=2";

class Sounds : public Runs {
 protected:
  /// Whether all streams of a file decode.
  static bool decodes(const std::string& file) {
    return std::system(("ffmpeg -nostdin -v quiet -xerror -i '" + file + "' -f null -").c_str()) == 0;
  }
};

TEST_F(Runs, TimesAndSoundAreKept) {
  const std::string input =
      make("in.mkv", h264() + " -c:a aac -output_ts_offset 5", "-f lavfi -i sine=frequency=440:duration=2");
  const std::string output = (folder_.path() / "out.mp4").string();
  EXPECT_EQ(run(input, output, {"vis"}).done, kFrames);
  const auto reader = av::library().open(output, {});
  EXPECT_TRUE(reader->facts().has_sound);
  std::vector<double> times;
  numbers(*reader, &times);
  ASSERT_EQ(times.size(), static_cast<std::size_t>(kFrames));
  for (int i = 0; i < kFrames; ++i) EXPECT_NEAR(times[static_cast<std::size_t>(i)], 5 + i / 12.0, 2e-3) << i;
  EXPECT_FALSE(std::filesystem::exists(output + ".da3-work"));
}

enum class Expected { kKept, kLeftOut, kEither };

TEST_F(Sounds, AContainerGetsTheSoundThatItHoldsAndOtherSoundIsToldBeforeAnyDepth) {
  // kEither: other releases of FFmpeg may hold it.
  struct Case {
    const char* codec;
    Expected mp4, mov, mkv, webm;
  };
  using enum Expected;
  const std::vector<Case> cases = {
      {"aac", kKept, kKept, kKept, kLeftOut},
      {"flac", kEither, kEither, kKept, kLeftOut},        // Experimental in mp4, refused with mov's header
      {"opus -strict -2", kKept, kEither, kKept, kKept},  // Not in mov's header
      {"vorbis -strict -2 -ac 2", kKept, kEither, kKept, kKept},
      {"truehd -strict -2", kEither, kEither, kKept, kLeftOut},
      {"wmav2", kLeftOut, kEither, kKept, kLeftOut},  // A mov file with it cannot be read
      {"pcm_mulaw", kEither, kKept, kKept, kLeftOut},
      {"pcm_s16le", kEither, kKept, kKept, kLeftOut},
      {"mp2", kKept, kKept, kKept, kLeftOut},
      {"ac3", kKept, kKept, kKept, kLeftOut},
      {"eac3", kKept, kKept, kKept, kLeftOut}};
  for (const Case& each : cases) {
    const std::string input =
        make("in.mkv", std::string("-vf scale=64:36,format=yuv420p -c:v libx264 -c:a ") + each.codec, kTone);
    for (const auto& [ending, expected] :
         {std::pair{".mp4", each.mp4}, {".mov", each.mov}, {".mkv", each.mkv}, {".webm", each.webm}}) {
      const std::string what = std::string(each.codec) + " in " + ending;
      const std::string output = (folder_.path() / (std::string("out") + ending)).string();
      options_.overwrite = true;
      warnings_.clear();
      const int calls = model_->calls();
      EXPECT_EQ(run(input, output, {"vis"}).done, kFrames) << what;
      const bool kept = av::library().open(output, {})->facts().has_sound;
      if (expected != kEither) {
        EXPECT_EQ(kept, expected == kKept) << what;
      }
      ASSERT_EQ(warnings_.size(), kept ? 0U : 1U) << what;
      if (!kept) {
        EXPECT_THAT(warnings_[0].text, StartsWith("sound.dropped: "));
        EXPECT_THAT(warnings_[0].text, HasSubstr("a name that ends in .mkv")) << what;
        EXPECT_EQ(warnings_[0].calls, calls) << what << ": told only after depth was computed";
      }
      EXPECT_TRUE(decodes(output)) << what;
    }
  }
}

TEST_F(Sounds, SoundThatIsRefusedAfterAllCostsNoFrames) {
  const std::string input = make("in.mkv", h264() + " -c:a wmav2", kTone);
  StreamSpec stream;
  stream.size = {36, 64};
  stream.encoder = av::library().choose_encoder(stream, "mp4");
  JoinSpec spec;
  spec.segments = {folder_.path() / "segment.nut"};
  spec.container = "mp4";
  spec.sound = SoundSource{input};
  const auto segment = av::library().segment(spec.segments.front(), stream);
  write_grey(*segment, stream.size, 5);
  segment->finish();
  spec.target = folder_.path() / "out.mp4";
  const std::vector<std::string> warnings = av::library().join(spec);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], StartsWith("sound.dropped: mp4 files do not take this wmav2 sound"));
  const auto reader = av::library().open(spec.target.string(), {});
  EXPECT_FALSE(reader->facts().has_sound);
  EXPECT_EQ(numbers(*reader).size(), 5U);
}

TEST_F(Sounds, SoundWhoseTimesGoBackIsKept) {
  const std::string once = bytes_of(make("once.ts", h264() + " -c:a aac", kTone));
  const std::string input = folder_.write("twice.ts", once + once).string();
  for (const char* ending : {".mp4", ".mkv"}) {
    const std::string output = (folder_.path() / (std::string("out") + ending)).string();
    EXPECT_EQ(run(input, output, {"vis"}).done, 2 * kFrames) << ending;
    EXPECT_TRUE(av::library().open(output, {})->facts().has_sound) << ending;
    EXPECT_TRUE(decodes(output)) << ending;
  }
  for (const Warning& warning : warnings_) EXPECT_THAT(warning.text, HasSubstr("times did not grow"));
}

/// Packets of a file's sound.
struct Packets {
  AVCodecID codec = AV_CODEC_ID_NONE;
  std::vector<double> seconds;
  std::vector<int> bytes;
};

Packets sound_of(const std::string& file) {
  Packets found;
  const av::InputPtr input = av::open_input(file);
  const int index = av_find_best_stream(input.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (index < 0) return found;
  found.codec = input->streams[index]->codecpar->codec_id;
  const av::PacketPtr packet = av::make_packet();
  for (; av_read_frame(input.get(), packet.get()) >= 0; av_packet_unref(packet.get())) {
    if (packet->stream_index != index) continue;
    found.seconds.push_back(static_cast<double>(packet->pts) * av_q2d(input->streams[index]->time_base));
    found.bytes.push_back(packet->size);
  }
  return found;
}

TEST_F(Sounds, OpusKeepsItsBeginningAndItsTimes) {
  // Its first packet lies before 0 by what its decoder needs to begin.
  for (const char* container : {"in.mkv", "in.mp4"}) {
    const std::string input = make(container, h264() + " -c:a opus -strict -2", kTone);
    const Packets before = sound_of(input);
    ASSERT_LT(before.seconds.front(), container == std::string_view("in.mkv") ? 0 : 0.001);
    for (const char* ending : {".mkv", ".webm", ".mp4"}) {
      const std::string what = std::string(container) + " to " + ending;
      const std::string output = (folder_.path() / (std::string("out") + ending)).string();
      options_.overwrite = true;
      run(input, output, {"vis"});
      const Packets after = sound_of(output);
      EXPECT_EQ(after.bytes, before.bytes) << what;
      ASSERT_EQ(after.seconds.size(), before.seconds.size()) << what;
      for (std::size_t i = 0; i < after.seconds.size(); ++i) {
        ASSERT_NEAR(after.seconds[i], before.seconds[i], 1.1e-3) << what << ": packet " << i;
      }
    }
  }
}

TEST_F(Sounds, FromAStartOnKeepsThePacketThatIsHeardAcrossIt) {
  constexpr double kStart_s = 7.0 / kRate;
  options_.choice.start_s = kStart_s;
  options_.overwrite = true;
  for (const std::string codec : {"aac", "opus -strict -2", "vorbis -strict -2 -ac 2", "mp2"}) {
    const std::string input = make("in.mp4", h264() + " -g 5 -c:a " + codec, kTone);
    const Packets before = sound_of(input);
    std::size_t across = before.seconds.size();
    while (across > 0 && before.seconds[across - 1] > kStart_s) --across;
    ASSERT_GT(across--, 0U);
    ASSERT_LT(before.seconds[across], kStart_s - 2e-3) << codec << ": the clip does not test this";
    for (const char* ending : {".mkv", ".webm", ".mp4"}) {
      const std::string what = codec + ending;
      const std::string output = (folder_.path() / (std::string("out") + ending)).string();
      EXPECT_EQ(run(input, output, {"vis"}).done, kFrames - 7) << what;
      const Packets after = sound_of(output);
      if (after.codec == AV_CODEC_ID_NONE) continue;  // WebM holds only two of them
      // FFmpeg reads Vorbis behind an edit list with other times.
      if (after.codec == AV_CODEC_ID_VORBIS && std::string_view(ending) == ".mp4") continue;
      ASSERT_EQ(after.seconds.size(), before.seconds.size() - across) << what;
      std::vector<double> times;
      numbers(*av::library().open(output, {}), &times);
      // Where nothing can be before 0, frames are behind the beginning of the sound.
      const bool moves = std::string_view(ending) != ".mp4" && after.codec != AV_CODEC_ID_OPUS;
      const double first_s = moves ? kStart_s - before.seconds[across] : 0;
      for (std::size_t i = 0; i < times.size(); ++i)
        EXPECT_NEAR(times[i], first_s + static_cast<double>(i) / kRate, 1.1e-3) << what << ": frame " << i;
      for (std::size_t i = 0; i < after.seconds.size(); ++i) {
        EXPECT_EQ(after.bytes[i], before.bytes[across + i]) << what << ": packet " << i;
        const double expected_s = first_s + before.seconds[across + i] - kStart_s;
        ASSERT_NEAR(after.seconds[i], expected_s, 1.1e-3) << what << ": " << i;
      }
      EXPECT_TRUE(decodes(output)) << what;
    }
  }
}

TEST_F(Sounds, SoundIsThatOfTheChosenVideosProgram) {
  const std::string input = make("in.ts",
                                 "-map 0:v -map 1:a -map 0:v -map 2:a -vf scale=64:36,format=yuv420p -c:v "
                                 "libx264 -c:a:0 aac -b:a:0 192k "
                                 "-c:a:1 mp2 -b:a:1 64k -program st=0:st=1 -program st=2:st=3",
                                 std::string(kTone) + " -f lavfi -i sine=frequency=220:duration=2");
  for (const auto& [stream, codec] : {std::pair{0, AV_CODEC_ID_AAC}, {2, AV_CODEC_ID_MP2}}) {
    const std::string output = (folder_.path() / ("out" + std::to_string(stream) + ".mkv")).string();
    options_.read.stream = stream;
    run(input, output, {"vis"});
    EXPECT_EQ(sound_of(output).codec, codec) << stream;
  }
  // What is said to be left out is that sound, too.
  const std::string output = (folder_.path() / "out.webm").string();
  run(input, output, {"vis"});
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0].text, HasSubstr("mp2"));
}

TEST_F(Sounds, SoundThatBeginsBeforeTheFramesDoesNotMoveThem) {
  // Of mp4 the first packets lie before 0: what the encoder needs to begin.
  const std::string input = make("in.mp4", h264() + " -c:a aac", kTone);
  for (const char* ending : {".mp4", ".mkv"}) {
    const std::string output = (folder_.path() / (std::string("out") + ending)).string();
    run(input, output, {"vis"});
    const auto reader = av::library().open(output, {});
    EXPECT_TRUE(reader->facts().has_sound) << ending;
    std::vector<double> times;
    numbers(*reader, &times);
    ASSERT_EQ(times.size(), static_cast<std::size_t>(kFrames)) << ending;
    for (int i = 0; i < kFrames; ++i) {
      EXPECT_NEAR(times[static_cast<std::size_t>(i)], i / 12.0, 1e-3) << ending << " " << i;
    }
  }
}

}  // namespace
}  // namespace da3::video

// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <journal/result_folder.hpp>

#include <run/sink.hpp>

namespace da3::run {

/// Results as files of a folder with a manifest and, where asked for, a page that shows them.
class FolderSink : public Sink {
 public:
  /// Throws: as journal::ResultFolder, and as require_own_gallery.
  FolderSink(const std::filesystem::path& folder, const journal::RunRecord& run,
             const journal::ResultFolderOptions& options, bool gallery);

  std::optional<journal::ImageRecord> finished(const Item& item,
                                               const journal::InputIdentity& identity) const override;
  /// Throws also for a file that is a result here itself, for a result might replace it.
  void require_place(const Item& item, const std::optional<journal::InputIdentity>& identity,
                     const std::vector<formats::Format>& formats) const override;
  Outputs write(const Item& item, const std::optional<journal::InputIdentity>& identity,
                const std::vector<formats::Format>& formats, const Encode& encode) override;
  void record(const journal::ImageRecord& record, std::string_view json) override;
  DrawnSet draw_set(const Options& options, const Settings& settings, int threads,
                    const std::stop_token& stop) override;
  void close() override;

  /// False where nothing keeps another run from writing to the same folder: the file system has no locks.
  bool locked() const { return folder_.manifest().locked(); }

 private:
  std::string stem_of(const Item& item, const std::optional<journal::InputIdentity>& identity) const;
  bool is_own_result(const std::filesystem::path& path) const;

  bool gallery_;
  journal::ResultFolder folder_;
};

}  // namespace da3::run

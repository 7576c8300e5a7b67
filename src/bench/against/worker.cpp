// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <da3/error.hpp>

#include <bench/against/worker.hpp>
#include <bench/report/json_fields.hpp>
#include <bench/report/report_json.hpp>
#include <core/json_reading.hpp>

namespace da3::bench {
namespace {

constexpr int kProtocol = 1;

std::string line_of(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const PlannedGroup& group) {
  Json cases = Json::array();
  for (const PlannedCase& each : group.cases) cases.push_back(bench::to_json(each.settings));
  return {{"suite", to_string(group.suite)}, {"cases", cases}};
}

PlannedGroup to_group(const Json& object) {
  PlannedGroup group{parse_suite(object.at("suite").get<std::string>()), {}};
  for (const Json& settings : object.at("cases"))
    group.cases.push_back({group.suite, to_fields(settings), 0});
  return group;
}

Json failure_or_null(const std::optional<std::string>& failure) {
  return failure ? Json(*failure) : Json(nullptr);
}

std::optional<std::string> to_failure(const Json& value) {
  return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

// The environment and tool travel as an empty report, so that one reader and writer knows them.
Json as_report(const ToolInfo& tool, const Environment& environment) {
  Report report;
  report.tool = tool;
  report.environment = environment;
  return Json::parse(to_json_text(report));
}

int count_at(const Json& request, const char* key) {
  const auto count = core::whole_number<int>(request.at(key));
  if (!count) throw Error(ErrorCode::kUsage, std::string(key) + " is no number of runs");
  return *count;
}

// JSON has no number that is not finite, so it travels as null.
Json values_json(const RoundValues& values) {
  Json object = Json::object();
  for (const auto& [metric, list] : values) {
    object[metric] = Json::array();
    for (const double value : list) object[metric].push_back(number_or_null(value));
  }
  return object;
}

RoundValues to_values(const Json& object) {
  RoundValues values;
  for (const auto& [metric, list] : object.items()) {
    for (const Json& value : list) {
      values[metric].push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                               : value.get<double>());
    }
  }
  return values;
}

Json answer(const Json& request, WorkerBackend& backend) {
  const std::string command = request.at("do").get<std::string>();
  Json reply{{"ok", true}};
  if (command == "open") {
    Json cases = Json::array();
    for (const WorkerCase& each : backend.open(to_group(request.at("group")), count_at(request, "warmups"))) {
      cases.push_back({{"facts", bench::to_json(each.facts)}, {"failure", failure_or_null(each.failure)}});
    }
    reply["cases"] = cases;
  } else if (command == "round") {
    const WorkerRound round = backend.round(count_at(request, "runs"));
    Json cases = Json::array();
    for (std::size_t i = 0; i < round.cases.size(); ++i) {
      cases.push_back(
          {{"values", values_json(round.cases[i])}, {"failure", failure_or_null(round.failures[i])}});
    }
    reply["cases"] = cases;
    reply["calibration"] = round.calibration;
  } else if (command == "load") {
    backend.load(to_fields(request.at("settings")));
  } else if (command == "predict") {
    backend.predict();
  } else {
    throw Error(ErrorCode::kUsage, "a worker knows no request '" + command + "'");
  }
  return reply;
}

// The answer to a request as `read` takes it. Throws: Error kUsage for a refusal, and for what cannot be
// read.
template <typename Read>
auto read_reply(const std::string& name, const std::string& line, const Read& read) {
  try {
    const Json reply = core::parse_json<Json>(line);
    if (!reply.at("ok").get<bool>()) {
      throw Error(ErrorCode::kUsage, name + ": " + reply.at("error").get<std::string>());
    }
    return read(reply);
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kUsage, name + " answered '" + line.substr(0, 80) + "': " + error.what());
  }
}

}  // namespace

void serve_worker(std::istream& in, std::ostream& out, const ToolInfo& tool, const Environment& environment,
                  const std::function<Environment()>& whole_environment, WorkerBackend& backend) {
  out << line_of({{"worker", kProtocol}, {"report", as_report(tool, environment)}}) << std::endl;
  for (std::string line; std::getline(in, line);) {
    Json reply;
    try {
      const Json request = core::parse_json<Json>(line);
      if (request.at("do") == "environment") {
        reply = {{"ok", true}, {"report", as_report(tool, whole_environment())}};
      } else {
        reply = answer(request, backend);
      }
    } catch (const std::exception& error) {
      reply = {{"ok", false}, {"error", error.what()}};
    }
    out << line_of(reply) << std::endl;
  }
}

Worker::Worker(const std::string& program, const std::vector<std::string>& without)
    : name_(program), process_({program, "bench", "worker"}, without) {
  const std::string line = process_.read_line();
  try {
    const Json hello = core::parse_json<Json>(line);
    if (core::whole_number<int>(hello.at("worker")) != kProtocol) {
      throw Error(ErrorCode::kUsage,
                  name_ + " speaks another worker protocol; build both from nearer commits");
    }
    const Report report = parse_report(hello.at("report").dump(), name_);
    tool_ = report.tool;
    environment_ = report.environment;
  } catch (const Json::exception&) {
    throw Error(ErrorCode::kUsage,
                name_ + " is no da3 that --against can use: it answered '" + line.substr(0, 80) + "'");
  }
}

Environment Worker::whole_environment() {
  const std::string line = process_.ask(line_of({{"do", "environment"}}));
  const auto reply = core::read_json<Json>(line);
  const auto report = reply.find("report");
  return report == reply.end() ? environment_ : parse_report(report->dump(), name_).environment;
}

std::vector<WorkerCase> Worker::open(const PlannedGroup& group, int warmups) {
  const Json request{{"do", "open"}, {"group", to_json(group)}, {"warmups", warmups}};
  return read_reply(name_, process_.ask(line_of(request)), [](const Json& reply) {
    std::vector<WorkerCase> cases;
    for (const Json& each : reply.at("cases")) {
      cases.push_back({to_fields(each.at("facts")), to_failure(each.at("failure"))});
    }
    return cases;
  });
}

WorkerRound Worker::round(int runs) {
  return read_reply(name_, process_.ask(line_of({{"do", "round"}, {"runs", runs}})), [](const Json& reply) {
    WorkerRound round;
    for (const Json& each : reply.at("cases")) {
      round.cases.push_back(to_values(each.at("values")));
      round.failures.push_back(to_failure(each.at("failure")));
    }
    round.calibration = reply.at("calibration").get<std::map<std::string, double>>();
    return round;
  });
}

void Worker::load(const Fields& settings) {
  read_reply(name_, process_.ask(line_of({{"do", "load"}, {"settings", bench::to_json(settings)}})),
             [](const Json&) {});
}

void Worker::predict() {
  read_reply(name_, process_.ask(line_of({{"do", "predict"}})), [](const Json&) {});
}

}  // namespace da3::bench

#include "cli/commands.hpp"
#include "cli/job.hpp"

namespace sluice::cli {

namespace {

/// Reads and sends a job; `fill` completes the request and the display.
template <class Fill>
int send_job(const options& given, Fill fill) {
  auto job = read_job(given.job);
  if (!job.ok())
    return report(failure::from(job.error()));
  auto variables = parse_variables(given.variables);
  if (!variables.ok())
    return report(failure::from(variables.error()));
  auto request = job_request_for(*job, *variables);
  auto stub = connect(given.coordinator, given.security);
  if (!stub.ok())
    return report(failure::from(stub.error()));
  return fill(**stub, request, job->text);
}

} // namespace

int submit(const options& given) {
  return send_job(given, [&](proto::coordinator::Stub& stub, proto::job_request& request, const std::string& text) {
    request.set_name(given.name);
    request.set_wait(given.wait);
    return run_job(stub, request, {given.format, !given.quiet, text, given.coordinator, given.security});
  });
}

int explain(const options& given) {
  return send_job(given, [&](proto::coordinator::Stub& stub, proto::job_request& request, const std::string& text) {
    proto::explain_reply reply;
    auto answered = call(stub, &proto::coordinator::Stub::explain_job, request, reply);
    if (!answered.ok())
      return report(failure_of(answered, given.coordinator), text);
    if (reply.has_error() && reply.error().code() != 0)
      return report(failure::from(reply.error()), text);
    std::fputs(reply.text().c_str(), stdout);
    if (!reply.text().ends_with('\n'))
      std::fputc('\n', stdout);
    return int{exit_done};
  });
}

int run_sql(const options& given) {
  auto variables = parse_variables(given.variables);
  if (!variables.ok())
    return report(failure::from(variables.error()));
  auto text = given.sql == "-" ? read_job("-") : result<job_text>{job_text{"", given.sql}};
  auto request = job_request_for(*text, *variables);
  request.set_wait(true);
  request.set_batch_only(true);
  auto stub = connect(given.coordinator, given.security);
  if (!stub.ok())
    return report(failure::from(stub.error()));
  return run_job(**stub, request, {given.format, false, text->text, given.coordinator, given.security});
}

} // namespace sluice::cli

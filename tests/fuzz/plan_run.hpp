#pragma once
/// Runs plans over sample rows, so that what the analyzer or the decoder lets through is also evaluated.
#include "common/plan/plan.hpp"

namespace sluice::fuzz {

/// Results must be valid rows of the schema that the plan announces. Errors of evaluation are answers.
void run_batch(const plan::batch_plan& plan);
void run_stream(const plan::streaming_plan& plan);

} // namespace sluice::fuzz

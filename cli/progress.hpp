#pragma once
/// The progress of running queries on standard error: on a terminal one live line per query, else one plain line per batch.
#include <map>
#include <string>
#include <vector>

namespace sluice::cli {

/// What a line shows of a StreamingQueryProgress.
struct progress_figures {
  long long batch = -1;
  long long input_rows = 0;
  double rows_per_second = 0;
  long long state_rows = 0;
};
/// Figures of a progress document in Spark's shape; missing fields are zero, text that is no JSON gives batch -1.
progress_figures figures_of(const std::string& json);
/// "counts: batch 12, 2000 rows, 150,000 rows/s, 340 state rows"
std::string progress_line(const std::string& name, const progress_figures& figures);

class progress_display {
public:
  /// `live`: redraw lines in place (a terminal).
  explicit progress_display(bool live) : live_(live) {}
  ~progress_display() { settle(); }
  void update(const std::string& id, const std::string& name, const std::string& json);
  /// A line that stays; live lines are drawn again below it.
  void note(const std::string& text);
  /// Leaves the live lines as they are; what is printed next goes below.
  void settle();

private:
  void erase();
  void draw();
  bool live_;
  std::vector<std::string> order_;
  std::map<std::string, std::string> lines_;
  std::size_t drawn_ = 0;
  long long last_drawn_ms_ = 0;
};

} // namespace sluice::cli

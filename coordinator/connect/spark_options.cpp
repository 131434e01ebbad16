#include "coordinator/connect/spark_options.hpp"

#include <set>

#include "common/sql/nearest.hpp"

namespace sluice::connect {

bool spark_knows_option(const std::string& name) {
  static const std::set<std::string, std::less<>> known = {
      // files
      "path", "pathglobfilter", "recursivefilelookup", "modifiedbefore", "modifiedafter", "ignorecorruptfiles", "ignoremissingfiles", "compression",
      "mergeschema", "basepath", "maxrecordsperfile", "partitionoverwritemode",
      // streams
      "maxfilespertrigger", "maxbytespertrigger", "latestfirst", "maxfileage", "cleansource", "sourcearchivedir", "filenameonly", "maxcachedfiles",
      "checkpointlocation", "retention", "outputmode", "numrows", "truncate",
      // json and csv
      "mode", "multiline", "encoding", "charset", "linesep", "locale", "timezone", "dateformat", "timestampformat", "timestampntzformat",
      "enabledatetimeparsingfallback", "columnnameofcorruptrecord", "samplingratio", "primitivesasstring", "prefersdecimal", "allowcomments",
      "allowunquotedfieldnames", "allowsinglequotes", "allownumericleadingzeros", "allowbackslashescapinganycharacter",
      "allowunquotedcontrolchars", "allownonnumericnumbers", "dropfieldifallnull", "ignorenullfields", "writenonasciicharacterascodepoint",
      "singlevariantcolumn", "sep", "delimiter", "quote", "escape", "comment", "header", "inferschema", "enforceschema", "preferdate",
      "ignoreleadingwhitespace", "ignoretrailingwhitespace", "nullvalue", "nanvalue", "positiveinf", "negativeinf", "maxcolumns",
      "maxcharspercolumn", "maxmalformedlogperpartition", "chartoescapequoteescaping", "unescapedquotehandling", "quoteall", "escapequotes",
      "emptyvalue", "wholetext",
      // parquet
      "datetimerebasemode", "int96rebasemode"};
  return known.contains(sql::to_lower(name));
}

} // namespace sluice::connect

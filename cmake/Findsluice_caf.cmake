# Debian ships no CMake file for CAF: sluice::caf is its core library (the wire between nodes is gRPC, so no caf_io).
find_library(SLUICE_CAF_CORE caf_core REQUIRED)
find_path(SLUICE_CAF_INCLUDE caf/actor_system.hpp REQUIRED)
add_library(sluice::caf UNKNOWN IMPORTED)
set_target_properties(sluice::caf PROPERTIES IMPORTED_LOCATION ${SLUICE_CAF_CORE}
  INTERFACE_INCLUDE_DIRECTORIES ${SLUICE_CAF_INCLUDE} INTERFACE_LINK_LIBRARIES Threads::Threads)
set(sluice_caf_FOUND TRUE)

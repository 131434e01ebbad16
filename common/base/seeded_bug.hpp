#pragma once
/// Bugs on purpose, to see whether the simulation would notice. They exist only in a build with -DSLUICE_SEEDED_BUGS=ON, which
/// scripts/seeded-bugs makes; everywhere else a site is `if (false)` and the names below are not even declared.
/// A site is one line: `if (SLUICE_BUG(publish_before_commit)) …`. Which bug is on is set once, before anything runs.

#ifdef SLUICE_SEEDED_BUGS

// name, what it does
#define SLUICE_SEEDED_BUG_TABLE(BUG)                                                                    \
  BUG(rename_over_record, "a record is renamed over the one that is there")                             \
  BUG(act_before_directory_sync, "commits found at a start are acted on before their folder is synced") \
  BUG(state_by_number, "state objects are named by batch, not by attempt")                              \
  BUG(ack_before_directory_sync, "prepared is said before the folder of state objects is synced")       \
  BUG(ack_before_state_sync, "prepared is said before the state object is synced")                      \
  BUG(retry_sync, "a failed sync is tried again on the same file")                                      \
  BUG(publish_before_commit, "output is published before the commit record is written")                 \
  BUG(gc_by_age, "garbage collection removes old objects, named or not")                                \
  BUG(gc_undecided, "garbage collection removes objects of the batch that is being decided")            \
  BUG(accept_lower_epoch, "a worker obeys a coordinator that was deposed")                              \
  BUG(shared_epoch, "a coordinator goes on in the epoch of the one before")                             \
  BUG(reuse_local_store, "workers keep their state if its batch number fits")                           \
  BUG(mix_attempts, "answers of another attempt at the batch count")                                    \
  BUG(unsynced_output, "staged output is not synced")                                                   \
  BUG(unsynced_staging_folder, "the folders of staged output are not synced")                           \
  BUG(commit_before_intent, "a commit does not wait for its intent to be durable")                      \
  BUG(adopt_own_commit, "who finds another commit record goes on as if it were his own")                \
  BUG(recovery_replans, "the open intent is forgotten at a start, and the one found later ignored")     \
  BUG(recovery_forgets_publishing, "batches committed but not published are forgotten at a start")      \
  BUG(failed_publish_forgotten, "what could not be published is not tried again")                       \
  BUG(seen_files_forgotten, "the base record does not list the files that were read")                   \
  BUG(split_off_by_one, "splits of a file leave out a byte between them")                               \
  BUG(prepare_before_all_blocks, "blocks of peers that are still on their way are not waited for")      \
  BUG(early_blocks_twice, "blocks that came before the order count twice")                              \
  BUG(early_blocks_lost, "blocks that came before the order are lost")                                  \
  BUG(restore_backwards, "deltas are restored newest first")                                            \
  BUG(restore_loses_group, "a key group is left out of a restore")                                      \
  BUG(keep_dropped_overlay, "what a dropped attempt built stays in the table")                          \
  BUG(read_uncovered_groups, "a table answers for key groups that it does not hold")

namespace sluice {

enum class seeded_bug {
  none,
#define SLUICE_SEEDED_BUG_NAME(name, text) name,
  SLUICE_SEEDED_BUG_TABLE(SLUICE_SEEDED_BUG_NAME)
#undef SLUICE_SEEDED_BUG_NAME
};

inline seeded_bug active_seeded_bug = seeded_bug::none;

} // namespace sluice

#define SLUICE_BUG(name) (::sluice::active_seeded_bug == ::sluice::seeded_bug::name)
#else
#define SLUICE_BUG(name) false
#endif

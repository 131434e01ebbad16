/* The commit protocol of one query: two coordinators (each may be a zombie beside the other), two workers, crashes, power
 * cuts, lost messages and directory entries that vanish unless their directory was synced. See README.md.
 *
 * One row per batch. Its value is the input that the intent names; attempt a routes it to worker a % 2, so mixing two
 * attempts loses or doubles it. A worker's state is a bit set: bit (2n + v - 1) says "counted value v of batch n".
 *
 * A seeded bug is switched on with -DNAME; run.py lists them and checks that each is caught.
 */
#ifndef BATCHES
#define BATCHES 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 4 /* ids 1..3; 0: none */
#endif
#ifndef EPOCHS
#define EPOCHS 4
#endif

/* Which faults are possible; a bug's search may be narrowed to those that its story needs. */
#ifndef CRASHES
#define CRASHES(coordinator) true
#endif
#ifndef LOSES_ORDER
#define LOSES_ORDER(coordinator, worker) true
#endif
#ifndef TIMES_OUT
#define TIMES_OUT(coordinator) true
#endif
#ifndef LOSES_REPLY
#define LOSES_REPLY true
#endif
#ifndef SYNC_FAILS
#define SYNC_FAILS true
#endif

#define ABSENT 0
#define LINKED 1 /* visible, but a power cut may take it back */
#define KEPT 2   /* visible and durable */

typedef intent_record { byte link; byte input; };
typedef commit_record { byte link; byte attempt[2]; };
typedef object { byte link; byte content; };
typedef objects { object by_attempt[ATTEMPTS]; };
typedef batch_objects { objects of_batch[BATCHES]; };

intent_record intents[BATCHES];
commit_record commits[BATCHES];
batch_objects states[2];
byte epoch_link[EPOCHS];
byte published[BATCHES]; /* attempt whose rows are visible outside; 0: none */
byte next_attempt = 1;
byte faults_left = FAULTS;
bit coordinator_dead[2];
bit worker_dead[2];

/* epoch, batch, attempt, base attempt, input, coordinator */
chan orders[2] = [1] of {byte, byte, byte, byte, byte, byte};
/* epoch, batch, attempt, worker */
chan replies[2] = [2] of {byte, byte, byte, byte};

#ifdef STATE_BY_NUMBER
#define OBJECT(w, n, a) states[w].of_batch[n].by_attempt[0]
#else
#define OBJECT(w, n, a) states[w].of_batch[n].by_attempt[a]
#endif

/* P4 and P6: what a commit names is durable, and every committed row is counted exactly once. */
inline check_commit(m) {
  assert(OBJECT(0, m, commits[m].attempt[0]).link == KEPT);
  assert(OBJECT(1, m, commits[m].attempt[1]).link == KEPT);
  assert((OBJECT(0, m, commits[m].attempt[0]).content & OBJECT(1, m, commits[m].attempt[1]).content) == 0);
  expected = 0;
  k = 0;
  do
  :: k <= m -> expected = expected | (1 << (2 * k + intents[k].input - 1)); k++
  :: else -> break
  od;
  assert((OBJECT(0, m, commits[m].attempt[0]).content | OBJECT(1, m, commits[m].attempt[1]).content) == expected);
}

/* After a power cut: P2 (no gaps), P3 (what is visible outside was decided durably) and P4 again. */
inline check_disk() {
  m = 0;
  do
  :: m < BATCHES ->
    if
    :: commits[m].link != ABSENT ->
      assert(intents[m].link != ABSENT);
      assert(m == 0 || commits[m - 1].link != ABSENT);
      check_commit(m)
    :: else -> assert(published[m] == 0)
    fi;
    m++
  :: else -> break
  od
}

inline power_cut(entry) {
  if
  :: entry == LINKED -> entry = ABSENT
  :: entry == LINKED -> entry = KEPT
  :: else
  fi
}

proctype faults() {
  byte k, m, expected, w, a;
  do
  :: atomic { faults_left > 0 && CRASHES(0) && !coordinator_dead[0] -> coordinator_dead[0] = 1; faults_left-- }
  :: atomic { faults_left > 0 && CRASHES(1) && !coordinator_dead[1] -> coordinator_dead[1] = 1; faults_left-- }
#ifndef COORDINATORS_ONLY
  :: atomic { faults_left > 0 && !worker_dead[0] -> worker_dead[0] = 1; faults_left-- }
  :: atomic { faults_left > 0 && !worker_dead[1] -> worker_dead[1] = 1; faults_left-- }
  :: atomic { faults_left > 0 ->
      faults_left--;
      coordinator_dead[0] = 1; coordinator_dead[1] = 1; worker_dead[0] = 1; worker_dead[1] = 1;
      m = 0;
      do
      :: m < BATCHES -> power_cut(intents[m].link); power_cut(commits[m].link);
        w = 0;
        do
        :: w < 2 -> a = 0;
          do
          :: a < ATTEMPTS -> power_cut(states[w].of_batch[m].by_attempt[a].link); a++
          :: else -> break
          od;
          w++
        :: else -> break
        od;
        m++
      :: else -> break
      od;
      m = 0;
      do
      :: m < EPOCHS -> power_cut(epoch_link[m]); m++
      :: else -> break
      od;
      check_disk();
      k = 0; m = 0; expected = 0; w = 0; a = 0
    }
#endif
  :: faults_left == 0 -> break
  od
}

proctype worker(byte me) {
  byte seen, e, n, a, base, input, from, content;
  byte local_batch, local_attempt, local_content; /* the local store; local_batch is batch + 1, 0: empty */
restart:
  atomic { worker_dead[me] = 0; seen = 0; local_batch = 0; local_attempt = 0; local_content = 0;
           e = 0; n = 0; a = 0; base = 0; input = 0; from = 0; content = 0 }
  {
end:
    do
    :: atomic { orders[me] ? e, n, a, base, input, from ->
#ifndef ACCEPT_LOWER_EPOCH
        if
        :: e < seen -> goto done
        :: else
        fi;
#endif
        assert(e >= seen); /* P8 */
        seen = e;
        if
        :: n == 0 -> content = 0
#ifdef REUSE_LOCAL_STORE
        :: n > 0 && local_batch == n -> content = local_content
        :: n > 0 && local_batch != n -> content = OBJECT(me, n - 1, base).content
#else
        :: n > 0 && local_batch == n && local_attempt == base -> content = local_content
        :: n > 0 && (local_batch != n || local_attempt != base) -> content = OBJECT(me, n - 1, base).content
#endif
        fi;
        if
        :: a % 2 == me -> content = content | (1 << (2 * n + input - 1))
        :: else
        fi;
        OBJECT(me, n, a).content = content;
        OBJECT(me, n, a).link = LINKED;
        local_batch = n + 1; local_attempt = a; local_content = content }
#ifndef ACK_BEFORE_SYNC
      if
      :: atomic { OBJECT(me, n, a).link == LINKED -> OBJECT(me, n, a).link = KEPT }
      :: atomic { SYNC_FAILS && OBJECT(me, n, a).link == LINKED -> OBJECT(me, n, a).link = ABSENT; /* fsync fails, the pages are gone */
#ifndef RETRY_FSYNC
           goto done
#endif
         }
      :: OBJECT(me, n, a).link != LINKED -> skip
      fi;
#endif
      if
      :: nfull(replies[from]) -> replies[from] ! e, n, a, me
      :: LOSES_REPLY -> skip /* lost */
      fi;
done: skip
    od
  } unless { worker_dead[me] -> goto restart }
}

proctype coordinator(byte me) {
  byte e, n, a, base, k, m, expected, re, rn, ra, rw;
  byte prepared[2];
restart:
  atomic { coordinator_dead[me] = 0; e = 0; n = 0; a = 0; base = 0; prepared[0] = 0; prepared[1] = 0;
           do
           :: replies[me] ? re, rn, ra, rw
           :: empty(replies[me]) -> break
           od;
           re = 0; rn = 0; ra = 0; rw = 0 }
  {
    /* claim an epoch: write-once, so it is ours alone (P9) */
    atomic { e = 1;
      do
      :: e < EPOCHS && epoch_link[e] != ABSENT -> e++
      :: else -> break
      od;
      if
      :: e >= EPOCHS -> goto over
      :: else -> epoch_link[e] = LINKED
      fi }
    epoch_link[e] = KEPT;

    /* recover: act on what is found only after its directory is synced, publish it again */
    atomic {
      do
      :: n < BATCHES && commits[n].link != ABSENT ->
        commits[n].link = KEPT; intents[n].link = KEPT; n++
      :: else -> break
      od }
    atomic { m = 0;
      do
      :: m < n -> assert(published[m] == 0 || published[m] == commits[m].attempt[0]);
        published[m] = commits[m].attempt[0]; m++
      :: else -> break
      od;
      m = 0 }

    do
    :: n >= BATCHES -> break
    :: n < BATCHES ->
      /* intent: choose unless one is there; it is durable before the commit */
      atomic {
        if
        :: intents[n].link == ABSENT -> 
          if
          :: intents[n].input = 1
#ifndef ONE_INPUT
          :: intents[n].input = 2
#endif
          fi;
          intents[n].link = LINKED
        :: else
        fi }
      intents[n].link = KEPT;
attempt:
      atomic {
        if
        :: next_attempt >= ATTEMPTS -> goto over
        :: else -> a = next_attempt; next_attempt++
        fi;
        prepared[0] = 0; prepared[1] = 0;
        base = 0;
        if
        :: n > 0 -> base = commits[n - 1].attempt[0]
        :: else
        fi }
      if
      :: nfull(orders[0]) -> orders[0] ! e, n, a, base, intents[n].input, me
      :: LOSES_ORDER(me, 0) -> skip
      fi;
      if
      :: nfull(orders[1]) -> orders[1] ! e, n, a, base, intents[n].input, me
      :: LOSES_ORDER(me, 1) -> skip
      fi;
      do
      :: atomic { prepared[0] != 0 && prepared[1] != 0 -> break }
      :: atomic { replies[me] ? re, rn, ra, rw ->
          if
#ifdef MIX_ATTEMPTS
          :: rn == n -> prepared[rw] = ra
          :: else
#else
          :: rn == n && ra == a && re == e -> prepared[rw] = ra
          :: else
#endif
          fi }
      :: (prepared[0] == 0 || prepared[1] == 0) && TIMES_OUT(me) -> goto attempt /* time-out: drop this attempt, try again */
      od;
#ifdef GC_BY_AGE
      /* deletes what is not of this attempt before anything is decided */
      atomic { m = 1;
        do
        :: m < ATTEMPTS && m != a -> OBJECT(0, n, m).link = ABSENT; OBJECT(1, n, m).link = ABSENT; m++
        :: m < ATTEMPTS && m == a -> m++
        :: else -> break
        od;
        m = 0 }
#endif
#ifdef PUBLISH_BEFORE_COMMIT
      published[n] = prepared[0];
#endif
      /* the commit point */
      atomic {
#ifdef RENAME_OVER_COMMIT
        assert(commits[n].link == ABSENT || commits[n].attempt[0] == prepared[0]); /* P1 */
        commits[n].attempt[0] = prepared[0]; commits[n].attempt[1] = prepared[1];
        commits[n].link = LINKED;
        check_commit(n)
#else
        if
        :: commits[n].link == ABSENT ->
          commits[n].attempt[0] = prepared[0]; commits[n].attempt[1] = prepared[1];
          commits[n].link = LINKED;
          check_commit(n)
        :: else /* somebody else decided: adopt it */
        fi
#endif
        ; k = 0; expected = 0 }
#ifndef ACT_BEFORE_DIRECTORY_SYNC
      commits[n].link = KEPT;
#endif
      atomic {
        assert(published[n] == 0 || published[n] == commits[n].attempt[0]); /* P12 */
        published[n] = commits[n].attempt[0] }
      /* garbage: objects of this batch that the commit does not name */
      atomic { m = 1;
        do
        :: m < ATTEMPTS ->
          if
          :: m != commits[n].attempt[0] && commits[n].link == KEPT && OBJECT(0, n, m).link == KEPT && m < next_attempt ->
#ifndef STATE_BY_NUMBER
            OBJECT(0, n, m).link = ABSENT; OBJECT(0, n, m).content = 0
#else
            skip
#endif
          :: else
          fi;
          m++
        :: else -> break
        od;
        m = 0 }
      n++
    od;
over: skip
  } unless { coordinator_dead[me] -> goto restart }
}

init {
  atomic { run worker(0); run worker(1); run coordinator(0); run coordinator(1); run faults() }
}

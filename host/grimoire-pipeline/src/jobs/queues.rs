//! The queues of jobs.

use grimoire_jobs::Queue;

/// Jobs that read and judge logs: seconds to minutes each.
pub const REVIEWS: Queue = Queue("reviews");
/// Jobs of a few short calls, which reviews must not delay.
pub const QUICK: Queue = Queue("quick");

//! The delays between the attempts of a job.

use std::time::Duration;

use grimoire_domain::job::JobId;

/// `base`, longer or shorter by up to a fifth. The delay is a function of seed, job and failure:
/// jobs that failed together do not return together, and tests can predict it.
pub(crate) fn jittered(base: Duration, seed: u64, job: JobId, failure: u32) -> Duration {
    let drawn = mix(seed ^ mix(job.0 ^ (u64::from(failure) << 48)));
    // 53 bits fill the fraction of a double: a number in [0, 1).
    let fraction = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
    base.mul_f64(0.8 + 0.4 * fraction)
}

/// The finaliser of splitmix64: every input bit changes about half of the output bits.
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_delay_stays_within_a_fifth_of_its_base(seed: u64, job: u64, failure in 1_u32..10, seconds in 1_u64..1_000) {
            let delay = jittered(Duration::from_secs(seconds), seed, JobId(job), failure).as_secs_f64();
            let base = Duration::from_secs(seconds).as_secs_f64();
            prop_assert!((0.8 * base..=1.2 * base).contains(&delay));
        }
    }

    #[test]
    fn jobs_that_failed_together_come_back_apart() {
        let delays: std::collections::BTreeSet<Duration> =
            (1..=100).map(|job| jittered(Duration::from_secs(5), 7, JobId(job), 1)).collect();
        assert!(delays.len() > 90, "{} different delays", delays.len());
    }
}

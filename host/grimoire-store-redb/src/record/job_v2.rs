//! Records of jobs in schema version 2, for the migration to version 3.

use std::collections::BTreeMap;

use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{decode, encode};

/// The version byte of job and event records.
const VERSION: u8 = 1;
/// The version byte of job records with a count of failures.
const NEXT_VERSION: u8 = 2;

const NAME: &str = "a job of schema version 2";

/// Number of failed attempts since the job was last queued, from its events in order.
#[derive(Debug, Default)]
pub(crate) struct Failures(i64);

impl Failures {
    pub(crate) fn count(&mut self, event: &[u8]) -> Result<(), PortError> {
        #[derive(Deserialize)]
        struct Event {
            step: String,
        }
        let event: Event = decode(VERSION, NAME, event)?;
        match event.step.as_str() {
            "queued" => self.0 = 0,
            "retrying" | "dead" => self.0 += 1,
            // A `retrying` event follows, although nothing has failed.
            "rate_limited" => self.0 -= 1,
            _ => {}
        }
        Ok(())
    }
}

/// The record with its number of failed attempts.
pub(crate) fn with_failures(record: &[u8], failures: &Failures) -> Result<Vec<u8>, PortError> {
    #[derive(Deserialize)]
    struct Job {
        head: BTreeMap<String, Box<RawValue>>,
        payload: Box<RawValue>,
    }
    #[derive(Serialize)]
    struct NextJob {
        head: BTreeMap<String, Box<RawValue>>,
        payload: Box<RawValue>,
    }
    let Job { mut head, payload } = decode(VERSION, NAME, record)?;
    let failures = u32::try_from(failures.0).unwrap_or_default();
    head.insert("failures".to_owned(), to_raw_value(&failures).expect("a number is JSON"));
    Ok(encode(NEXT_VERSION, &NextJob { head, payload }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rate_limits_are_no_failures_and_a_retry_by_hand_begins_anew() {
        let count = |steps: &[&str]| {
            let mut failures = Failures::default();
            for step in steps {
                failures.count(&encode(VERSION, &json!({ "step": step }))).expect("an event");
            }
            failures.0
        };
        let limited = ["started", "rate_limited", "retrying", "started", "retrying", "started", "succeeded"];
        assert_eq!(count(&limited), 1);
        assert_eq!(count(&["started", "retrying", "started", "dead", "queued", "started", "retrying"]), 1);
    }
}

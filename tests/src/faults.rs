//! Planned faults of a fake server.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::route::fits;

/// A fault of certain calls.
///
/// `Fault::on("GET", "/repos/*/*/pulls/*").call(1).answer(502)` makes the first such call fail and lets
/// the second through.
#[derive(Debug, Clone)]
pub struct Fault {
    method: String,
    pattern: String,
    first: u32,
    last: u32,
    pub(crate) after_handling: bool,
    pub(crate) action: Action,
}

/// The kind of fault.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    Answer { status: StatusCode, headers: HeaderMap, body: Vec<u8> },
    Reset,
    Hang,
    Delay(Duration),
    Truncate(usize),
    Shorten(usize),
    Drip(Duration),
    Repeat,
}

impl Fault {
    /// A fault of every call of `method` on a path that matches `pattern`; by default, the
    /// connection is reset.
    pub fn on(method: &str, pattern: &str) -> Self {
        Self {
            method: method.to_owned(),
            pattern: pattern.to_owned(),
            first: 1,
            last: u32::MAX,
            after_handling: false,
            action: Action::Reset,
        }
    }

    /// Limits the fault to the call with this number, from 1.
    #[must_use]
    pub fn call(mut self, number: u32) -> Self {
        (self.first, self.last) = (number, number);
        self
    }

    /// Limits the fault to the first `count` calls.
    #[must_use]
    pub fn first_calls(mut self, count: u32) -> Self {
        (self.first, self.last) = (1, count);
        self
    }

    /// Answers with this status and an empty JSON object.
    #[must_use]
    pub fn answer(mut self, status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("a status is a number from 100 to 999");
        self.action = Action::Answer { status, headers: HeaderMap::new(), body: b"{}".to_vec() };
        self
    }

    /// Adds a header to the answer.
    ///
    /// # Panics
    /// If the fault is not a response.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let Action::Answer { headers, .. } = &mut self.action else { panic!("only answers have headers") };
        headers.append(
            HeaderName::try_from(name).expect("header names are ASCII"),
            HeaderValue::try_from(value).expect("header values are visible ASCII"),
        );
        self
    }

    /// Sets the body of the answer.
    ///
    /// # Panics
    /// If the fault is not a response.
    #[must_use]
    pub fn body(mut self, content: impl AsRef<[u8]>) -> Self {
        let Action::Answer { body, .. } = &mut self.action else { panic!("only answers have bodies") };
        *body = content.as_ref().to_vec();
        self
    }

    /// Resets the connection instead of answering.
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.action = Action::Reset;
        self
    }

    /// Never answers.
    #[must_use]
    pub fn hang(mut self) -> Self {
        self.action = Action::Hang;
        self
    }

    /// Answers normally, but later.
    #[must_use]
    pub fn delay(mut self, by: Duration) -> Self {
        self.action = Action::Delay(by);
        self
    }

    /// Announces the whole body and cuts the connection after this many bytes.
    #[must_use]
    pub fn truncate(mut self, bytes: usize) -> Self {
        self.action = Action::Truncate(bytes);
        self
    }

    /// Answers with the first bytes of the body as if that were all.
    #[must_use]
    pub fn shorten(mut self, bytes: usize) -> Self {
        self.action = Action::Shorten(bytes);
        self
    }

    /// Answers normally, one byte at a time.
    #[must_use]
    pub fn drip(mut self, interval: Duration) -> Self {
        self.action = Action::Drip(interval);
        self
    }

    /// Answers normally, and repeats the body for ever.
    #[must_use]
    pub fn repeat(mut self) -> Self {
        self.action = Action::Repeat;
        self
    }

    /// Handles the request first: what was to be stored is stored, and only the response fails.
    #[must_use]
    pub fn after_handling(mut self) -> Self {
        self.after_handling = true;
        self
    }
}

/// The faults of a server, each with its number of calls so far.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan(Mutex<Vec<(Fault, u32)>>);

impl FaultPlan {
    pub(crate) fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((fault, 0));
    }

    /// Counts a call; returns its fault, the earliest planned one if there are several.
    pub(crate) fn next(&self, method: &str, path: &str) -> Option<Fault> {
        let mut befalls = None;
        for (fault, seen) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            if fault.method == method && fits(&fault.pattern, path) {
                *seen += 1;
                if (fault.first..=fault.last).contains(seen) && befalls.is_none() {
                    befalls = Some(fault.clone());
                }
            }
        }
        befalls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_befall_the_calls_that_they_name() {
        let plan = FaultPlan::default();
        plan.add(Fault::on("GET", "/a/*").call(2).answer(500));
        plan.add(Fault::on("GET", "/a/b").first_calls(1).answer(404));
        let status = |path| match plan.next("GET", path).map(|fault| fault.action) {
            Some(Action::Answer { status, .. }) => Some(status.as_u16()),
            _ => None,
        };
        assert_eq!(status("/a/b"), Some(404));
        assert_eq!(status("/a/c"), Some(500));
        assert_eq!(status("/a/b"), None);
        assert_eq!(plan.next("POST", "/a/b").map(|_| ()), None);
    }
}

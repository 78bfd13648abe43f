//! What was asked of a fake server, and what it answered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;

use crate::route::fits;

/// Which of a fake's servers was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// The REST interface.
    Api,
    /// The storage of logs and artifacts, which is another origin.
    Storage,
}

/// How a request says whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// Not at all.
    None,
    /// With a bearer token.
    Bearer(String),
    /// With another scheme.
    Other(String),
}

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who was asked.
    pub server: Server,
    /// `GET`, `POST`…
    pub method: String,
    /// The path, without a prefix such as `/api/v3`.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// Whose request it says it is.
    pub credentials: Credentials,
    /// All of its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The status of the answer; `None` where the connection was cut instead, or while it is not
    /// answered yet.
    pub status: Option<u16>,
}

/// Everything that was asked, in the order of arrival. Clones share their entries.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    entries: Vec<Entry>,
    violations: Vec<String>,
}

impl Ledger {
    /// All entries.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// The entries of a method whose path fits a pattern: `*` is any one segment, `**` at the end any
    /// number of them.
    pub fn calls(&self, method: &str, pattern: &str) -> Vec<Entry> {
        let fitting = |entry: &&Entry| entry.method == method && fits(pattern, &entry.path);
        self.lock().entries.iter().filter(fitting).cloned().collect()
    }

    /// How often a method was called on a path that fits a pattern.
    pub fn count(&self, method: &str, pattern: &str) -> usize {
        self.calls(method, pattern).len()
    }

    /// What no well-behaved client does, and was done: an unknown route, a token sent to the storage, a
    /// request without `User-Agent`.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// The same, and forgets them: for tests that mean to provoke one.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().violations)
    }

    pub(crate) fn open(&self, entry: Entry) -> usize {
        let mut pages = self.lock();
        pages.entries.push(entry);
        pages.entries.len() - 1
    }

    pub(crate) fn close(&self, entry: usize, status: Option<u16>) {
        self.lock().entries[entry].status = status;
    }

    pub(crate) fn violation(&self, what: String) {
        self.lock().violations.push(what);
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

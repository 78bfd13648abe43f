//! A record of the requests to a fake server, and of its responses.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;

use crate::route::fits;

/// The server of a fake that got a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// The REST API.
    Api,
    /// The storage of logs and artifacts, which is another origin.
    Storage,
}

/// The credentials in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// No credentials.
    None,
    /// A bearer token.
    Bearer(String),
    /// Another scheme.
    Other(String),
}

/// One request and its response.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The server.
    pub server: Server,
    /// `GET`, `POST`…
    pub method: String,
    /// The path, without a prefix such as `/api/v3`.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// The credentials.
    pub credentials: Credentials,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The status of the response; `None` if the connection was cut instead, or while it is
    /// pending.
    pub status: Option<u16>,
}

/// All requests in the order of arrival. Clones share their entries.
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

    /// The entries of a method whose path matches a pattern: `*` is any one segment, `**` at the end
    /// any number of them.
    pub fn calls(&self, method: &str, pattern: &str) -> Vec<Entry> {
        let fitting = |entry: &&Entry| entry.method == method && fits(pattern, &entry.path);
        self.lock().entries.iter().filter(fitting).cloned().collect()
    }

    /// Number of calls of a method on paths that match a pattern.
    pub fn count(&self, method: &str, pattern: &str) -> usize {
        self.calls(method, pattern).len()
    }

    /// Requests that no well-behaved client sends: to an unknown route, with a token to the storage,
    /// without `User-Agent`.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// Returns and clears the violations, for tests that provoke one.
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

//! The state of the fake GitHub.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::ledger::Credentials;

/// All state, by the names and ids of the API.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) token: String,
    pub(crate) account: String,
    /// Ids of users by login.
    pub(crate) users: BTreeMap<String, u64>,
    /// Repositories by `owner/name`.
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// Old names of renamed repositories and their ids.
    pub(crate) renamed: HashMap<String, u64>,
    /// Valid links to the storage, and their targets.
    pub(crate) links: HashMap<String, Stored>,
    /// The limit of the account's token.
    pub(crate) limit: RateLimit,
    /// Tokens for the repositories of one owner each.
    pub(crate) owner_tokens: HashMap<String, OwnerToken>,
    last_id: u64,
    ticks: i64,
}

/// The remaining primary rate limit of a token, and its reset time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateLimit {
    pub(crate) remaining: u64,
    pub(crate) reset: i64,
}

/// A token for the repositories of one owner.
#[derive(Debug)]
pub(crate) struct OwnerToken {
    pub(crate) owner: String,
    pub(crate) limit: RateLimit,
}

#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) private: bool,
    pub(crate) pulls: BTreeMap<u64, Pull>,
    pub(crate) runs: BTreeMap<u64, Run>,
    pub(crate) jobs: BTreeMap<u64, Job>,
    pub(crate) artifacts: BTreeMap<u64, Artifact>,
    pub(crate) comments: BTreeMap<u64, Comment>,
}

#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) open: bool,
    pub(crate) draft: bool,
    /// All heads so far; the last one is current.
    pub(crate) heads: Vec<String>,
    pub(crate) branch: String,
    /// The repository of the branch; `None` if the fork was deleted.
    pub(crate) head_repository: Option<String>,
    /// True if GitHub has associated the commits with the pull request.
    pub(crate) linked: bool,
    pub(crate) diff: String,
    pub(crate) files: Vec<ChangedFile>,
    /// The status with which the whole diff is refused as too large.
    pub(crate) oversize: Option<u16>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Pull {
    pub(crate) fn head(&self) -> &str {
        self.heads.last().map_or("", String::as_str)
    }
}

/// A file of a pull request in the files API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path after the change, or before it if it was removed.
    pub path: String,
    /// Its path before a rename or a copy.
    pub previous: Option<String>,
    /// `added`, `removed`, `modified`, `renamed`, `copied`, `changed` or `unchanged`.
    pub status: String,
    /// The hunks; absent for binary and very large files.
    pub patch: Option<String>,
}

impl ChangedFile {
    /// A modified file with these hunks.
    pub fn modified(path: &str, patch: &str) -> Self {
        Self {
            path: path.to_owned(),
            previous: None,
            status: "modified".to_owned(),
            patch: Some(patch.to_owned()),
        }
    }

    /// A modified file whose hunks GitHub omits.
    pub fn without_patch(path: &str) -> Self {
        Self { patch: None, ..Self::modified(path, "") }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) head_sha: String,
    pub(crate) branch: String,
    /// The pull requests that the API lists: none for forks.
    pub(crate) pulls: Vec<u64>,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) run: u64,
    pub(crate) name: String,
    /// `None` while running.
    pub(crate) conclusion: Option<String>,
    pub(crate) attempt: u64,
    pub(crate) log: Log,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) enum Log {
    Stored(Vec<u8>),
    /// Refused with this status: 404 before it exists, 410 after its deletion.
    Absent(u16),
}

/// The target of a storage link, by id.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stored {
    LogOfJob(u64),
    Artifact(u64),
}

/// An artifact of a run.
#[derive(Debug, Clone)]
pub(crate) struct Artifact {
    pub(crate) id: u64,
    pub(crate) run: u64,
    pub(crate) name: String,
    /// The zip archive; `None` once it has expired.
    pub(crate) archive: Option<Vec<u8>>,
    pub(crate) created_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Annotation {
    pub(crate) path: String,
    pub(crate) line: u64,
    pub(crate) message: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) author: String,
    /// The body and its earlier versions, oldest first.
    pub(crate) bodies: Vec<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Comment {
    pub(crate) fn body(&self) -> &str {
        self.bodies.last().map_or("", String::as_str)
    }
}

impl RateLimit {
    pub(crate) fn new() -> Self {
        Self { remaining: 5000, reset: Timestamp::now().as_second() + 1800 }
    }
}

impl State {
    /// The limit that a request counts against.
    pub(crate) fn limit_of(&mut self, credentials: &Credentials) -> &mut RateLimit {
        match credentials {
            Credentials::Bearer(token) if self.owner_tokens.contains_key(token) => {
                &mut self.owner_tokens.get_mut(token).expect("it was just found").limit
            }
            _ => &mut self.limit,
        }
    }

    pub(crate) fn new() -> Self {
        let mut state = Self {
            token: "token-of-the-fake-account".to_owned(),
            account: "grimoire-account".to_owned(),
            users: BTreeMap::new(),
            repositories: BTreeMap::new(),
            renamed: HashMap::new(),
            links: HashMap::new(),
            limit: RateLimit::new(),
            owner_tokens: HashMap::new(),
            last_id: 1000,
            ticks: 0,
        };
        state.user("grimoire-account");
        state
    }

    /// A unique id, higher than all earlier ones.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// A time later than all earlier ones. Starts at the same time in every run.
    pub(crate) fn tick(&mut self) -> Timestamp {
        self.ticks += 1;
        Timestamp::from_second(1_768_000_000 + self.ticks).expect("the years of tests are within range")
    }

    /// The id of a user, who is created if unknown.
    pub(crate) fn user(&mut self, login: &str) -> u64 {
        if let Some(id) = self.users.get(login) {
            return *id;
        }
        let id = self.next_id();
        self.users.insert(login.to_owned(), id);
        id
    }

    pub(crate) fn repository(&mut self, full_name: &str) -> &mut Repository {
        self.repositories.get_mut(full_name).expect("handles are of repositories that exist")
    }
}

impl Repository {
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(crate) fn pull(&mut self, number: u64) -> &mut Pull {
        self.pulls.get_mut(&number).expect("handles are of pull requests that exist")
    }

    pub(crate) fn jobs_of(&self, run: u64) -> Vec<&Job> {
        self.jobs.values().filter(|job| job.run == run).collect()
    }

    /// The latest attempt of a run, and its start.
    pub(crate) fn latest_attempt(&self, run: u64) -> (u64, Option<Timestamp>) {
        let jobs = self.jobs_of(run);
        let attempt = jobs.iter().map(|job| job.attempt).max().unwrap_or(1);
        let began = jobs.iter().filter(|job| job.attempt == attempt).map(|job| job.created_at).min();
        (attempt, began)
    }

    /// The conclusion of a run, from its latest jobs; none while one of them is running.
    pub(crate) fn conclusion_of(&self, run: u64) -> Option<&'static str> {
        let latest: BTreeMap<&str, &Job> =
            self.jobs_of(run).into_iter().map(|job| (job.name.as_str(), job)).collect();
        let conclusions: Option<Vec<&str>> = latest.values().map(|job| job.conclusion.as_deref()).collect();
        let conclusions = conclusions?;
        let ended_with = |wanted: &[&str]| conclusions.iter().any(|conclusion| wanted.contains(conclusion));
        Some(if ended_with(&["failure", "timed_out"]) {
            "failure"
        } else if ended_with(&["cancelled"]) {
            "cancelled"
        } else {
            "success"
        })
    }
}

/// A commit id, derived from a description.
pub(crate) fn sha_of(what: &str) -> String {
    hex::encode(&Sha256::digest(what)[..20])
}

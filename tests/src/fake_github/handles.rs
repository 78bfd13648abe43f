//! Setting up the fake GitHub, and inspecting the results.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Shared;
use super::diff::files_of;
use super::state::{Annotation, ChangedFile, Comment, Job, Log, Pull, Repository, Run, sha_of};

/// A repository. Clones share it.
#[derive(Debug, Clone)]
pub struct RepositoryHandle {
    shared: Arc<Shared>,
    name: String,
}

impl RepositoryHandle {
    pub(super) fn new(shared: &Arc<Shared>, full_name: &str) -> Self {
        let (owner, name) = full_name.split_once('/').expect("a repository's name is owner/name");
        let mut state = shared.state();
        state.user(owner);
        let id = state.next_id();
        state.repositories.entry(full_name.to_owned()).or_insert_with(|| Repository {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            private: false,
            pulls: BTreeMap::new(),
            runs: BTreeMap::new(),
            jobs: BTreeMap::new(),
            artifacts: BTreeMap::new(),
            comments: BTreeMap::new(),
        });
        drop(state);
        Self { shared: Arc::clone(shared), name: full_name.to_owned() }
    }

    /// Makes it visible only with the token.
    #[must_use]
    pub fn private(self) -> Self {
        self.shared.state().repository(&self.name).private = true;
        self
    }

    /// Renames it: the old name redirects from now on. The returned handle has the new name.
    #[must_use]
    pub fn renamed_to(mut self, full_name: &str) -> Self {
        let (owner, name) = full_name.split_once('/').expect("a repository's name is owner/name");
        let mut state = self.shared.state();
        state.user(owner);
        let mut repository =
            state.repositories.remove(&self.name).expect("handles are of repositories that exist");
        (repository.owner, repository.name) = (owner.to_owned(), name.to_owned());
        state.renamed.insert(self.name.clone(), repository.id);
        state.repositories.insert(full_name.to_owned(), repository);
        drop(state);
        full_name.clone_into(&mut self.name);
        self
    }

    /// A pull request by number, opened from a branch of this repository if it does not exist.
    pub fn pull_request(&self, number: u64) -> PullRequestHandle {
        let mut state = self.shared.state();
        let now = state.tick();
        let id = state.next_id();
        let author = state.repository(&self.name).owner.clone();
        let head = sha_of(&format!("{}#{number}@1", self.name));
        state.repository(&self.name).pulls.entry(number).or_insert_with(|| Pull {
            id,
            number,
            title: format!("Change {number}"),
            author,
            open: true,
            draft: false,
            heads: vec![head],
            branch: format!("change-{number}"),
            head_repository: Some(self.name.clone()),
            linked: true,
            diff: String::new(),
            files: Vec::new(),
            oversize: None,
            created_at: now,
            updated_at: now,
        });
        drop(state);
        PullRequestHandle { shared: Arc::clone(&self.shared), repository: self.name.clone(), number }
    }
}

/// A comment as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentView {
    /// Its id.
    pub id: u64,
    /// The author's login.
    pub author: String,
    /// The current body.
    pub body: String,
    /// Number of edits.
    pub edits: usize,
}

/// A pull request. Clones share it.
#[derive(Debug, Clone)]
pub struct PullRequestHandle {
    pub(super) shared: Arc<Shared>,
    pub(super) repository: String,
    pub(super) number: u64,
}

impl PullRequestHandle {
    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// `owner/name` of the base repository.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The commit at its head.
    pub fn head(&self) -> String {
        self.look(|pull| pull.head().to_owned())
    }

    /// Sets its title.
    #[must_use]
    pub fn titled(self, title: &str) -> Self {
        self.change(|pull| title.clone_into(&mut pull.title))
    }

    /// Replaces its commits by this head.
    #[must_use]
    pub fn at(self, sha: &str) -> Self {
        self.change(|pull| pull.heads = vec![sha.to_owned()])
    }

    /// Pushes another commit.
    #[must_use]
    pub fn push(self) -> Self {
        let (repository, number) = (self.repository.clone(), self.number);
        self.change(|pull| {
            pull.heads.push(sha_of(&format!("{repository}#{number}@{}", pull.heads.len() + 1)));
        })
    }

    /// Makes it a draft.
    #[must_use]
    pub fn draft(self) -> Self {
        self.change(|pull| pull.draft = true)
    }

    /// Closes it.
    #[must_use]
    pub fn closed(self) -> Self {
        self.change(|pull| pull.open = false)
    }

    /// Makes it come from a fork: CI events and runs then list no pull request.
    #[must_use]
    pub fn of_fork(self, full_name: &str) -> Self {
        let owner = full_name.split('/').next().unwrap_or_default().to_owned();
        self.shared.state().user(&owner);
        self.change(|pull| {
            pull.head_repository = Some(full_name.to_owned());
            pull.author.clone_from(&owner);
        })
    }

    /// Makes it come from a deleted fork.
    #[must_use]
    pub fn of_deleted_fork(self) -> Self {
        self.change(|pull| pull.head_repository = None)
    }

    /// Simulates that GitHub has not associated its commits with it yet.
    #[must_use]
    pub fn unlinked(self) -> Self {
        self.change(|pull| pull.linked = false)
    }

    /// Sets its diff in the format of `git diff`, and the list of files accordingly.
    #[must_use]
    pub fn diff(self, text: &str) -> Self {
        self.change(|pull| {
            text.clone_into(&mut pull.diff);
            pull.files = files_of(text);
        })
    }

    /// Sets its files, and keeps its diff.
    #[must_use]
    pub fn files(self, files: Vec<ChangedFile>) -> Self {
        self.change(|pull| pull.files = files)
    }

    /// Makes GitHub refuse the whole diff as too large with this status: 406, or 422, which was seen once.
    #[must_use]
    pub fn too_large(self, status: u16) -> Self {
        self.change(|pull| pull.oversize = Some(status))
    }

    /// Adds a failed job with its log to the workflow `CI` at the head.
    #[must_use]
    pub fn failing_job(self, name: &str, log: impl AsRef<[u8]>) -> Self {
        self.job("CI", name, Some("failure"), Log::Stored(log.as_ref().to_vec()))
    }

    /// Adds a failed job whose log is refused: with 404 before it exists, with 410 after its deletion.
    #[must_use]
    pub fn failing_job_without_log(self, name: &str, status: u16) -> Self {
        self.job("CI", name, Some("failure"), Log::Absent(status))
    }

    /// Adds a passed job to the workflow `CI` at the head. If an earlier job has the same name, it is
    /// its next attempt.
    #[must_use]
    pub fn passing_job(self, name: &str) -> Self {
        self.job("CI", name, Some("success"), Log::Stored(b"ok\n".to_vec()))
    }

    /// Adds a running job to the workflow `CI` at the head.
    #[must_use]
    pub fn running_job(self, name: &str) -> Self {
        self.job("CI", name, None, Log::Absent(404))
    }

    /// Adds a job with any conclusion to any workflow at the head.
    #[must_use]
    pub fn job_of(self, workflow: &str, name: &str, conclusion: &str, log: impl AsRef<[u8]>) -> Self {
        self.job(workflow, name, Some(conclusion), Log::Stored(log.as_ref().to_vec()))
    }

    /// Adds an annotation to the last job of this name.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn annotated(self, job: &str, path: &str, line: u64, message: &str) -> Self {
        let id = self.job_id(job);
        let mut state = self.shared.state();
        let annotation = Annotation { path: path.to_owned(), line, message: message.to_owned() };
        let repository = state.repository(&self.repository);
        repository.jobs.entry(id).and_modify(|job| job.annotations.push(annotation));
        drop(state);
        self
    }

    /// The id of the last job of this name at the head; its check run has the same id.
    ///
    /// # Panics
    /// If there is none.
    pub fn job_id(&self, name: &str) -> u64 {
        let head = self.head();
        let mut state = self.shared.state();
        let repository = state.repository(&self.repository);
        let at_head = |job: &&Job| job.name == name && repository.runs[&job.run].head_sha == head;
        repository.jobs.values().rfind(at_head).expect("a job of that name was added").id
    }

    /// Adds a comment by this user; returns the comment's id.
    pub fn comment_by(&self, login: &str, body: &str) -> u64 {
        let mut state = self.shared.state();
        state.user(login);
        let (id, now) = (state.next_id(), state.tick());
        let comment = Comment {
            id,
            pull: self.number,
            author: login.to_owned(),
            bodies: vec![body.to_owned()],
            created_at: now,
            updated_at: now,
        };
        state.repository(&self.repository).comments.insert(id, comment);
        id
    }

    /// Deletes a comment, as its author or a maintainer would.
    pub fn delete_comment(&self, id: u64) {
        self.shared.state().repository(&self.repository).comments.remove(&id);
    }

    /// Its comments, oldest first.
    pub fn comments(&self) -> Vec<CommentView> {
        let mut state = self.shared.state();
        let comments = state.repository(&self.repository).comments.values();
        comments
            .filter(|comment| comment.pull == self.number)
            .map(|comment| CommentView {
                id: comment.id,
                author: comment.author.clone(),
                body: comment.body().to_owned(),
                edits: comment.bodies.len() - 1,
            })
            .collect()
    }

    fn look<T>(&self, read: impl FnOnce(&Pull) -> T) -> T {
        read(self.shared.state().repository(&self.repository).pull(self.number))
    }

    fn change(self, write: impl FnOnce(&mut Pull)) -> Self {
        let mut state = self.shared.state();
        let now = state.tick();
        let pull = state.repository(&self.repository).pull(self.number);
        write(pull);
        pull.updated_at = now;
        drop(state);
        self
    }

    fn job(self, workflow: &str, name: &str, conclusion: Option<&str>, log: Log) -> Self {
        let mut state = self.shared.state();
        let (id, now) = (state.next_id(), state.tick());
        let new_run = state.next_id();
        let repository = state.repository(&self.repository);
        let pull = repository.pull(self.number).clone();
        let known = repository
            .runs
            .values()
            .find(|run| run.name == workflow && run.head_sha == pull.head())
            .map(|run| run.id);
        let run = known.unwrap_or_else(|| {
            let own = pull.head_repository.as_deref() == Some(self.repository.as_str());
            let run = Run {
                id: new_run,
                name: workflow.to_owned(),
                head_sha: pull.head().to_owned(),
                branch: pull.branch.clone(),
                pulls: if own { vec![self.number] } else { Vec::new() },
                created_at: now,
            };
            repository.runs.insert(new_run, run);
            new_run
        });
        let attempt = 1 + repository.jobs_of(run).iter().filter(|job| job.name == name).count() as u64;
        let job = Job {
            id,
            run,
            name: name.to_owned(),
            conclusion: conclusion.map(str::to_owned),
            attempt,
            log,
            annotations: Vec::new(),
            created_at: now,
        };
        repository.jobs.insert(id, job);
        drop(state);
        self
    }
}

//! The payloads of events about a pull request, with its state at the time of the call.

use serde_json::Value;

use super::handles::PullRequestHandle;
use super::shapes;
use super::state::{Pull, Repository, State};

impl PullRequestHandle {
    /// The payload of a `pull_request` event: `opened`, `synchronize`, `closed`…
    pub fn event(&self, action: &str) -> Value {
        self.payload(|state, repository, pull, base| {
            shapes::pull_request_event(state, repository, pull, action, base)
        })
    }

    /// The payload of a `check_run` event, `completed`, for the last job of that name.
    pub fn check_run_event(&self, job: &str) -> Value {
        let id = self.job_id(job);
        self.payload(|state, repository, _, base| {
            shapes::check_run_event(state, repository, &repository.jobs[&id], base)
        })
    }

    /// The payload of a `check_suite` event, `completed`, for the run of the last job of that name.
    pub fn check_suite_event(&self, job: &str) -> Value {
        let id = self.job_id(job);
        self.payload(|state, repository, _, base| {
            let run = &repository.runs[&repository.jobs[&id].run];
            shapes::check_suite_event(state, repository, run, base)
        })
    }

    /// The payload of a `workflow_run` event, `completed`, for the run of the last job of that name.
    pub fn workflow_run_event(&self, job: &str) -> Value {
        let id = self.job_id(job);
        self.payload(|state, repository, _, base| {
            let run = &repository.runs[&repository.jobs[&id].run];
            shapes::workflow_run_event(state, repository, run, base)
        })
    }

    /// The payload of a `workflow_job` event, `completed`, for the last job of that name.
    pub fn workflow_job_event(&self, job: &str) -> Value {
        let id = self.job_id(job);
        self.payload(|state, repository, _, base| {
            shapes::workflow_job_event(state, repository, &repository.jobs[&id], base)
        })
    }

    /// The payload of a `status` event about the head: `error`, `failure`, `pending` or `success`.
    pub fn status_event(&self, context: &str, status: &str) -> Value {
        self.payload(|state, repository, pull, base| {
            shapes::status_event(state, repository, pull.head(), context, status, base)
        })
    }

    fn payload(&self, make: impl FnOnce(&State, &Repository, &Pull, &str) -> Value) -> Value {
        let state = self.shared.state();
        let repository = &state.repositories[&self.repository];
        make(&state, repository, &repository.pulls[&self.number], &self.shared.api_url())
    }
}

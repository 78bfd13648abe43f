//! Health of the service, in words.

use std::time::Duration;

use grimoire_ports::follower::FollowerState;
use grimoire_ports::store::Kinds;

use crate::Pipeline;

/// A health status, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthStatus {
    /// It works.
    Healthy,
    /// It works with restrictions.
    Degraded,
    /// It does not work.
    Unhealthy,
}

impl HealthStatus {
    /// The word used in responses: `healthy`, `degraded` or `unhealthy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// The health of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthPart {
    /// The status.
    pub status: HealthStatus,
    /// One sentence about the state and, if it is bad, the remedy.
    pub detail: String,
}

impl HealthPart {
    fn new(status: HealthStatus, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }
}

/// The health of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The store.
    pub db: HealthPart,
    /// The jobs.
    pub queue: HealthPart,
    /// The search index.
    pub index: HealthPart,
    /// The plugins.
    pub plugins: HealthPart,
    /// The connection to GitHub.
    pub github: HealthPart,
}

impl Health {
    /// The worst status of all parts except GitHub: a service without a token is complete.
    pub fn status(&self) -> HealthStatus {
        self.db.status.max(self.queue.status).max(self.index.status).max(self.plugins.status)
    }
}

/// A store that does not answer within this time is unhealthy.
const PATIENCE: Duration = Duration::from_secs(5);
/// If a job waits this long for a worker, no worker is running.
const STALLED_AFTER: Duration = Duration::from_secs(300);

impl Pipeline {
    /// Checks all parts.
    pub async fn health(&self) -> Health {
        let (db, queue) = futures::join!(self.db_health(), self.queue_health());
        Health {
            db,
            queue,
            index: self.index_health(),
            plugins: self.plugins_health(),
            github: self.github_health(),
        }
    }

    /// The part `db`.
    pub async fn db_health(&self) -> HealthPart {
        let store = &self.ports().store;
        let check = async {
            store.check_writes().await?;
            store.last_sequence().await
        };
        match self.patiently(check).await {
            None => HealthPart::new(HealthStatus::Unhealthy, "the store does not answer"),
            Some(Err(error)) => {
                HealthPart::new(HealthStatus::Unhealthy, format!("the store does not work: {error}"))
            }
            Some(Ok(sequence)) => {
                let detail = format!("the store answers; it is at change {}", sequence.0);
                match self.still_filling() {
                    Some(filling) => HealthPart::new(HealthStatus::Degraded, format!("{detail}; {filling}")),
                    None => HealthPart::new(HealthStatus::Healthy, detail),
                }
            }
        }
    }

    /// The part `queue`.
    pub async fn queue_health(&self) -> HealthPart {
        let store = &self.ports().store;
        let read = async {
            Ok::<_, grimoire_ports::PortError>((
                store.count_jobs().await?,
                store.next_claim_at(&Kinds::all()).await?,
            ))
        };
        let (counts, next) = match self.patiently(read).await {
            None => return HealthPart::new(HealthStatus::Unhealthy, "the job queue does not answer"),
            Some(Err(error)) => {
                return HealthPart::new(
                    HealthStatus::Unhealthy,
                    format!("the job queue cannot be read: {error}"),
                );
            }
            Some(Ok(read)) => read,
        };
        let mut detail = format!("{} queued, {} running", counts.queued, counts.running);
        let dead = counts.dead;
        if dead > 0 {
            detail.push_str(&format!(", {dead} dead: look at them with state=dead, and retry or leave them"));
        }
        let waited = next.map(|next| self.ports().clock.now().duration_since(next));
        if waited.is_some_and(|waited| Duration::try_from(waited).is_ok_and(|waited| waited > STALLED_AFTER))
        {
            detail.push_str("; the oldest has waited for more than five minutes: no worker takes jobs");
            return HealthPart::new(HealthStatus::Degraded, detail);
        }
        HealthPart::new(HealthStatus::Healthy, detail)
    }

    /// The part `index`.
    pub fn index_health(&self) -> HealthPart {
        let progress = self.ports().search.progress();
        match progress.state {
            FollowerState::Ready => HealthPart::new(
                HealthStatus::Healthy,
                format!(
                    "{} active spells; it has followed to change {}",
                    progress.documents, progress.sequence.0
                ),
            ),
            FollowerState::Rebuilding { done, total, reason } => HealthPart::new(
                HealthStatus::Degraded,
                format!(
                    "rebuilding, {done} of {total} changes, because {reason}; the store answers meanwhile"
                ),
            ),
            FollowerState::Failing(reason) => HealthPart::new(
                HealthStatus::Unhealthy,
                format!("it cannot follow the store and tries again by itself: {reason}"),
            ),
        }
    }

    /// The part `plugins`.
    pub fn plugins_health(&self) -> HealthPart {
        let current = self.plugins().current();
        let plugins = current.plugins();
        let count = |world: &str| plugins.iter().filter(|plugin| plugin.world.starts_with(world)).count();
        let (analyzers, matchers) = (count("grimoire:analyzer"), count("grimoire:matcher"));
        let embedders = count("grimoire:embedder");
        let rejected = current.rejected();
        let mut detail = format!(
            "generation {}: {}, {}",
            current.generation(),
            counted(analyzers, "analyzer"),
            counted(matchers, "matcher")
        );
        if embedders > 0 {
            detail.push_str(&format!(", {}", counted(embedders, "embedder")));
        }
        let refused: Vec<String> = rejected
            .iter()
            .map(|problem| format!("{} was refused: {}", problem.plugin, problem.detail))
            .collect();
        append(&mut detail, &refused);
        let failing: Vec<String> =
            plugins.iter().filter_map(|plugin| self.failing(&plugin.identity.name)).collect();
        append(&mut detail, &failing);
        let folder_problem = self.folder_problem();
        if let Some(problem) = &folder_problem {
            detail.push_str(&format!("; plugins.folder was not taken up: {problem}"));
        }
        let quarantined = self.quarantined();
        append(&mut detail, &quarantined);
        let replacing = plugins.iter().filter_map(|plugin| {
            let (name, origin) = (&plugin.identity.name, plugin.origin.as_str());
            Some(format!("{name} ({origin}) replaces the one that is {}", plugin.replaces?.as_str()))
        });
        append(&mut detail, &replacing.collect::<Vec<_>>());
        let (vectors, vectors_follow) = match self.vectors_state() {
            Some((sentence, follow)) => (vec![sentence], follow),
            None => (Vec::new(), true),
        };
        append(&mut detail, &vectors);
        let notices = self.plugins().notices();
        append(&mut detail, &notices);
        let status = if analyzers == 0 || matchers == 0 {
            detail.push_str("; at least one of each is needed");
            HealthStatus::Unhealthy
        } else if rejected.is_empty()
            && notices.is_empty()
            && failing.is_empty()
            && quarantined.is_empty()
            && folder_problem.is_none()
            && vectors_follow
        {
            HealthStatus::Healthy
        } else {
            HealthStatus::Degraded
        };
        HealthPart::new(status, detail)
    }

    /// A sentence about a plugin whose last call failed, if it did.
    fn failing(&self, name: &str) -> Option<String> {
        let statistics = self.plugins().statistics(name);
        let count = statistics.failures_in_a_row;
        let problem = statistics.last_problem.filter(|_| count > 0)?;
        let calls = if count == 1 { "call".to_owned() } else { format!("{count} calls") };
        Some(format!("the last {calls} of {name} failed ({}): {}", problem.reason, problem.detail))
    }

    fn github_health(&self) -> HealthPart {
        if self.ports().github.is_some() {
            HealthPart::new(HealthStatus::Healthy, "a token is configured")
        } else {
            HealthPart::new(
                HealthStatus::Degraded,
                "no token is configured: webhooks are taken in and their reviews fail; set GITHUB_API_TOKEN",
            )
        }
    }

    async fn patiently<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let clock = &self.ports().clock;
        let limit = clock.now().saturating_add(PATIENCE).unwrap_or_else(|_| clock.now());
        tokio::select! {
            biased;
            done = work => Some(done),
            () = clock.sleep_until(limit) => None,
        }
    }
}

/// A number of things.
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Appends sentences about plugins. A folder may have any number of files, so further ones are only counted.
fn append(detail: &mut String, sentences: &[String]) {
    const TOLD: usize = 10;
    for sentence in sentences.iter().take(TOLD) {
        detail.push_str("; ");
        detail.push_str(sentence);
    }
    if let further @ 1.. = sentences.len().saturating_sub(TOLD) {
        detail.push_str(&format!("; and {further} more, which `grimoire plugin list` lists"));
    }
}

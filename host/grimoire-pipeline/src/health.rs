//! What is well and what is not, in words.

use std::time::Duration;

use grimoire_ports::follower::FollowerState;

use crate::Pipeline;

/// How well something is, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthStatus {
    /// It works.
    Ok,
    /// It works, with less than its whole strength.
    Degraded,
    /// It does not work.
    Failing,
}

impl HealthStatus {
    /// The word for answers: `ok`, `degraded` or `failing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }
}

/// How well one part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthPart {
    /// The word.
    pub status: HealthStatus,
    /// One sentence that says what is so, and where it is bad what to do.
    pub detail: String,
}

impl HealthPart {
    fn new(status: HealthStatus, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }
}

/// How well the service is.
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
    /// The worst of all parts. GitHub is not asked for it: a service without a token is whole.
    pub fn status(&self) -> HealthStatus {
        self.db.status.max(self.queue.status).max(self.index.status).max(self.plugins.status)
    }
}

/// A store that does not answer within this time is failing.
const PATIENCE: Duration = Duration::from_secs(5);
/// A job that waits this long for a worker means that none works.
const STALLED_AFTER: Duration = Duration::from_secs(300);

impl Pipeline {
    /// How well every part is, as of now.
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
        let read = self.ports().store.last_sequence();
        match self.patiently(read).await {
            None => HealthPart::new(HealthStatus::Failing, "the store does not answer"),
            Some(Err(error)) => {
                HealthPart::new(HealthStatus::Failing, format!("the store cannot be read: {error}"))
            }
            Some(Ok(sequence)) => HealthPart::new(
                HealthStatus::Ok,
                format!("the store answers; it is at change {}", sequence.0),
            ),
        }
    }

    /// The part `queue`.
    pub async fn queue_health(&self) -> HealthPart {
        let store = &self.ports().store;
        let read = async {
            Ok::<_, grimoire_ports::PortError>((store.count_jobs().await?, store.next_claim_at().await?))
        };
        let (counts, next) = match self.patiently(read).await {
            None => return HealthPart::new(HealthStatus::Failing, "the job queue does not answer"),
            Some(Err(error)) => {
                return HealthPart::new(
                    HealthStatus::Failing,
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
        HealthPart::new(HealthStatus::Ok, detail)
    }

    /// The part `index`.
    pub fn index_health(&self) -> HealthPart {
        let progress = self.ports().search.progress();
        match progress.state {
            FollowerState::Ready => HealthPart::new(
                HealthStatus::Ok,
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
                HealthStatus::Failing,
                format!("it cannot follow the store and tries again by itself: {reason}"),
            ),
        }
    }

    /// The part `plugins`.
    pub fn plugins_health(&self) -> HealthPart {
        let inventory = &self.ports().inventory;
        let plugins = inventory.plugins();
        let count = |world: &str| plugins.iter().filter(|plugin| plugin.world.starts_with(world)).count();
        let (analyzers, matchers) = (count("grimoire:analyzer"), count("grimoire:matcher"));
        let rejected = inventory.rejected();
        let mut detail =
            format!("generation {}: {analyzers} analyzers, {matchers} matchers", inventory.generation());
        for problem in &rejected {
            detail.push_str(&format!("; {} was refused: {}", problem.plugin, problem.detail));
        }
        let abandoned = inventory.abandoned_compilations();
        if abandoned > 0 {
            detail.push_str(&format!(
                "; {abandoned} compilations went over their time and still use the processor: restart to end them"
            ));
        }
        let status = if analyzers == 0 || matchers == 0 {
            detail.push_str("; at least one of each is needed");
            HealthStatus::Failing
        } else if rejected.is_empty() && abandoned == 0 {
            HealthStatus::Ok
        } else {
            HealthStatus::Degraded
        };
        HealthPart::new(status, detail)
    }

    fn github_health(&self) -> HealthPart {
        if self.ports().github.is_some() {
            HealthPart::new(HealthStatus::Ok, "a token is configured")
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

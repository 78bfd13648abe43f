use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::job::{JobId, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::publication::{Channel, Publication};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{PostedComment, Review, ReviewKey};
use grimoire_domain::spell::{Outcomes, SpellId};
use grimoire_ports::PortError;
use grimoire_ports::store::ReviewStore;

use crate::RedbStore;
use crate::failure::{Failure, Outcome};
use crate::jobs::NewJobRecord;
use crate::outbox::of_pull_request;
use crate::outcomes;
use crate::reviews::{find, latest, list};
use crate::transaction::Transaction;

#[async_trait]
impl ReviewStore for RedbStore {
    async fn put_review(&self, review: Review) -> Result<(), PortError> {
        self.write(move |transaction| transaction.reviews()?.put(review)).await
    }

    async fn put_review_and_publish(
        &self,
        review: Review,
        channels: &[Channel],
        publisher: NewJob,
    ) -> Result<JobId, PortError> {
        let (channels, now) = (channels.to_vec(), review.updated_at);
        let publisher = NewJobRecord::of(publisher, now);
        self.write(move |transaction| {
            let key = review.key.clone();
            let job = transaction.jobs()?.enqueue(&publisher, now)?;
            transaction.reviews()?.put(review)?;
            transaction.outbox()?.put(&key, &channels, now)?;
            Ok(job)
        })
        .await
    }

    async fn publications(&self, pull_request: &PullRequestId) -> Result<Vec<Publication>, PortError> {
        self.read(|transaction| of_pull_request(transaction, pull_request))
    }

    async fn settle_publication(
        &self,
        publication: &Publication,
        posted: Option<PostedComment>,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let publication = publication.clone();
        self.write(move |transaction| settle(transaction, &publication, posted, now)).await
    }

    async fn get_review(&self, key: &ReviewKey) -> Result<Review, PortError> {
        self.read(|transaction| find(transaction, key.clone())?.ok_or_else(|| missing(key)))
    }

    async fn latest_review(&self, pull_request: &PullRequestId) -> Result<Option<Review>, PortError> {
        self.read(|transaction| latest(transaction, pull_request, |_| true))
    }

    async fn latest_commented_review(
        &self,
        pull_request: &PullRequestId,
    ) -> Result<Option<Review>, PortError> {
        self.read(|transaction| latest(transaction, pull_request, |review| review.comment.is_some()))
    }

    async fn spell_outcomes(&self, ids: &[SpellId]) -> Result<Vec<Outcomes>, PortError> {
        self.read(|transaction| outcomes::read(transaction, ids))
    }

    async fn list_reviews(
        &self,
        repository: Option<&RepositoryName>,
        page: PageRequest,
    ) -> Result<Page<Review>, PortError> {
        let repository = repository.cloned();
        self.scan(move |transaction| list(transaction, repository.as_ref(), page)).await
    }
}

fn settle(
    transaction: &mut Transaction<'_>,
    publication: &Publication,
    posted: Option<PostedComment>,
    now: Timestamp,
) -> Outcome<()> {
    let key = &publication.review;
    let review = transaction.reviews()?.get(key)?.ok_or_else(|| missing(key))?;
    if transaction.outbox()?.has(publication)? {
        transaction.outbox()?.remove(publication)?;
    }
    match posted {
        Some(_) => transaction.reviews()?.put(Review { comment: posted, updated_at: now, ..review }),
        None => Ok(()),
    }
}

fn missing(key: &ReviewKey) -> Failure {
    let message = format!("there is no review of {} at {}", key.pull_request, key.head_sha.short());
    Failure::refused(ErrorKind::NotFound, message)
}

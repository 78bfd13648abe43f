//! Reviews in memory.

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::job::{JobId, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::publication::{Channel, Publication};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{PostedComment, Review, ReviewKey};
use grimoire_domain::spell::{Outcomes, SpellId};

use super::{Content, MemoryStore, page_of};
use crate::PortError;
use crate::store::ReviewStore;

impl Content {
    /// Matching reviews, the last written first.
    fn reviews_where(&self, wanted: impl Fn(&ReviewKey) -> bool) -> Vec<Review> {
        let mut found: Vec<_> = self.reviews.values().filter(|(_, review)| wanted(&review.key)).collect();
        found.sort_by_key(|(write, _)| std::cmp::Reverse(*write));
        found.into_iter().map(|(_, review)| review.clone()).collect()
    }

    fn put_review(&mut self, mut review: Review) {
        if let Some((_, known)) = self.reviews.get(&review.key) {
            review.created_at = known.created_at;
        }
        let offered = review.offered().into_iter().map(|spell| (review.key.pull_request.clone(), spell));
        self.offered.extend(offered);
        self.review_writes += 1;
        self.reviews.insert(review.key.clone(), (self.review_writes, review));
    }

    fn review(&self, key: &ReviewKey) -> Result<&Review, PortError> {
        self.reviews.get(key).map(|(_, review)| review).ok_or_else(|| {
            let message = format!("there is no review of {} at {}", key.pull_request, key.head_sha.short());
            PortError::new(ErrorKind::NotFound, message)
        })
    }
}

#[async_trait]
impl ReviewStore for MemoryStore {
    async fn put_review(&self, review: Review) -> Result<(), PortError> {
        self.content().put_review(review);
        Ok(())
    }

    async fn put_review_and_publish(
        &self,
        review: Review,
        channels: &[Channel],
        publisher: NewJob,
    ) -> Result<JobId, PortError> {
        Ok(self.write_jobs(|content| {
            let (key, now) = (review.key.clone(), review.updated_at);
            content.put_review(review);
            for channel in channels.iter().copied() {
                let publication = Publication { review: key.clone(), channel, requested_at: now };
                content.outbox.insert((key.clone(), channel), publication);
            }
            content.enqueue(publisher, now)
        }))
    }

    async fn publications(&self, pull_request: &PullRequestId) -> Result<Vec<Publication>, PortError> {
        let content = self.content();
        let of_it = content.outbox.values().filter(|row| row.review.pull_request == *pull_request);
        Ok(of_it.cloned().collect())
    }

    async fn settle_publication(
        &self,
        publication: &Publication,
        posted: Option<PostedComment>,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let mut content = self.content();
        let mut review = content.review(&publication.review)?.clone();
        let key = (publication.review.clone(), publication.channel);
        if content.outbox.get(&key) == Some(publication) {
            content.outbox.remove(&key);
        }
        if posted.is_some() {
            review.comment = posted;
            review.updated_at = now;
            content.put_review(review);
        }
        Ok(())
    }

    async fn get_review(&self, key: &ReviewKey) -> Result<Review, PortError> {
        self.content().review(key).cloned()
    }

    async fn latest_review(&self, pull_request: &PullRequestId) -> Result<Option<Review>, PortError> {
        Ok(self.content().reviews_where(|key| key.pull_request == *pull_request).into_iter().next())
    }

    async fn latest_commented_review(
        &self,
        pull_request: &PullRequestId,
    ) -> Result<Option<Review>, PortError> {
        let reviews = self.content().reviews_where(|key| key.pull_request == *pull_request);
        Ok(reviews.into_iter().find(|review| review.comment.is_some()))
    }

    async fn spell_outcomes(&self, ids: &[SpellId]) -> Result<Vec<Outcomes>, PortError> {
        let content = self.content();
        let of = |spell: &SpellId| {
            let mut outcomes = Outcomes::default();
            for (pull_request, _) in content.offered.iter().filter(|(_, offered)| offered == spell) {
                let reviews = content.reviews_where(|key| key.pull_request == *pull_request);
                outcomes.offered += 1;
                outcomes.fixed += u64::from(reviews.first().is_some_and(|last| last.diagnosis.green));
            }
            outcomes
        };
        Ok(ids.iter().map(of).collect())
    }

    async fn list_reviews(
        &self,
        repository: Option<&RepositoryName>,
        page: PageRequest,
    ) -> Result<Page<Review>, PortError> {
        let wanted = |key: &ReviewKey| repository.is_none_or(|name| *name == key.pull_request.repository);
        Ok(page_of(self.content().reviews_where(wanted), page))
    }
}

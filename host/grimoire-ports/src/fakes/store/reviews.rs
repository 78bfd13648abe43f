//! Reviews in memory.

use async_trait::async_trait;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{Review, ReviewKey};

use super::{Content, MemoryStore, page_of};
use crate::PortError;
use crate::store::ReviewStore;

impl Content {
    /// Last written first.
    fn reviews_where(&self, wanted: impl Fn(&ReviewKey) -> bool) -> Vec<Review> {
        let mut found: Vec<_> = self.reviews.values().filter(|(_, review)| wanted(&review.key)).collect();
        found.sort_by_key(|(write, _)| std::cmp::Reverse(*write));
        found.into_iter().map(|(_, review)| review.clone()).collect()
    }
}

#[async_trait]
impl ReviewStore for MemoryStore {
    async fn put_review(&self, mut review: Review) -> Result<(), PortError> {
        let mut content = self.content();
        if let Some((_, known)) = content.reviews.get(&review.key) {
            review.created_at = known.created_at;
        }
        content.review_writes += 1;
        let write = content.review_writes;
        content.reviews.insert(review.key.clone(), (write, review));
        Ok(())
    }

    async fn get_review(&self, key: &ReviewKey) -> Result<Review, PortError> {
        let review = self.content().reviews.get(key).map(|(_, review)| review.clone());
        review.ok_or_else(|| {
            let message = format!("there is no review of {} at {}", key.pull_request, key.head_sha.short());
            PortError::new(ErrorKind::NotFound, message)
        })
    }

    async fn latest_review(&self, pull_request: &PullRequestId) -> Result<Option<Review>, PortError> {
        Ok(self.content().reviews_where(|key| key.pull_request == *pull_request).into_iter().next())
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

use async_trait::async_trait;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{Review, ReviewKey};
use grimoire_ports::PortError;
use grimoire_ports::store::ReviewStore;

use crate::RedbStore;
use crate::failure::Failure;
use crate::reviews::{find, latest, list};

#[async_trait]
impl ReviewStore for RedbStore {
    async fn put_review(&self, review: Review) -> Result<(), PortError> {
        self.write(move |transaction| transaction.reviews()?.put(review)).await
    }

    async fn get_review(&self, key: &ReviewKey) -> Result<Review, PortError> {
        self.read(|transaction| {
            find(transaction, key.clone())?.ok_or_else(|| {
                let message =
                    format!("there is no review of {} at {}", key.pull_request, key.head_sha.short());
                Failure::refused(ErrorKind::NotFound, message)
            })
        })
    }

    async fn latest_review(&self, pull_request: &PullRequestId) -> Result<Option<Review>, PortError> {
        self.read(|transaction| latest(transaction, pull_request))
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

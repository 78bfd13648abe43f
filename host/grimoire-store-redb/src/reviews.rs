//! Reviews.

use grimoire_domain::page::{Page, PageRequest};
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::review::{Review, ReviewKey};
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, Table, WriteTransaction};

use crate::counters::{Counters, next};
use crate::effects::Effects;
use crate::failure::Outcome;
use crate::outcomes::{GreenChange, OutcomeTables};
use crate::record::review::{StoredReview, decode_review, encode_review, key_of, parts};
use crate::records::Records;
use crate::schema::{
    REVIEWS, REVIEWS_BY_PULL_REQUEST, REVIEWS_BY_REPOSITORY, REVIEWS_BY_WRITE, ReviewKeyParts,
};

/// The tables of reviews in a transaction.
pub(crate) struct ReviewTables<'t> {
    reviews: Records<Table<'t, ReviewKeyParts, &'static [u8]>>,
    by_write: Table<'t, u64, ReviewKeyParts>,
    by_repository: Table<'t, (&'static str, u64), (u64, &'static str)>,
    by_pull_request: Table<'t, (&'static str, u64, u64), &'static str>,
    outcomes: OutcomeTables<'t>,
}

impl<'t> ReviewTables<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            reviews: Records(transaction.open_table(REVIEWS)?),
            by_write: transaction.open_table(REVIEWS_BY_WRITE)?,
            by_repository: transaction.open_table(REVIEWS_BY_REPOSITORY)?,
            by_pull_request: transaction.open_table(REVIEWS_BY_PULL_REQUEST)?,
            outcomes: OutcomeTables::open(transaction)?,
        })
    }
}

/// The reviews in a transaction.
pub(crate) struct Reviews<'s, 't> {
    pub(crate) tables: &'s mut ReviewTables<'t>,
    pub(crate) counters: &'s mut Counters,
    pub(crate) effects: &'s mut Effects,
}

impl Reviews<'_, '_> {
    /// Returns a review; `None` if it does not exist.
    pub(crate) fn get(&self, key: &ReviewKey) -> Outcome<Option<Review>> {
        match self.tables.reviews.get(parts(key))? {
            Some(record) => Ok(Some(decode_review(key.clone(), record.bytes())?.review)),
            None => Ok(None),
        }
    }

    /// Returns true if the latest review of a pull request says that all runs passed.
    fn is_green(&self, pull_request: &PullRequestId) -> Outcome<bool> {
        let (name, number) = (pull_request.repository.as_str(), pull_request.number);
        let mut written = self.tables.by_pull_request.range((name, number, 0)..=(name, number, u64::MAX))?;
        let Some(last) = written.next_back() else { return Ok(false) };
        let head = last?.1;
        let review = self.get(&key_of((name, number, head.value()))?)?;
        Ok(review.is_some_and(|review| review.diagnosis.green))
    }

    pub(crate) fn put(&mut self, mut review: Review) -> Outcome<()> {
        let key = review.key.clone();
        let (repository, number, sha) = parts(&key);
        let known = match self.tables.reviews.get((repository, number, sha))? {
            Some(record) => Some(decode_review(key.clone(), record.bytes())?),
            None => None,
        };
        self.effects.wrote = true;
        let green =
            GreenChange { was_green: self.is_green(&key.pull_request)?, is_green: review.diagnosis.green };
        self.tables.outcomes.count(&key.pull_request, review.offered(), green)?;
        if let Some(StoredReview { review: known, write }) = known {
            review.created_at = known.created_at;
            self.tables.by_write.remove(write)?;
            self.tables.by_repository.remove((repository, write))?;
            self.tables.by_pull_request.remove((repository, number, write))?;
        }
        let write = next(&mut self.counters.last_review_write);
        let record = encode_review(&review, write);
        self.tables.reviews.insert((repository, number, sha), &record)?;
        self.tables.by_write.insert(write, (repository, number, sha))?;
        self.tables.by_repository.insert((repository, write), (number, sha))?;
        self.tables.by_pull_request.insert((repository, number, write), sha)?;
        Ok(())
    }
}

pub(crate) fn find(transaction: &ReadTransaction, key: ReviewKey) -> Outcome<Option<Review>> {
    let reviews = Records(transaction.open_table(REVIEWS)?);
    match reviews.get(parts(&key))? {
        Some(record) => Ok(Some(decode_review(key, record.bytes())?.review)),
        None => Ok(None),
    }
}

/// The last written of a pull request's reviews that are `wanted`.
pub(crate) fn latest(
    transaction: &ReadTransaction,
    pull_request: &PullRequestId,
    wanted: impl Fn(&Review) -> bool,
) -> Outcome<Option<Review>> {
    let name = pull_request.repository.as_str();
    let number = pull_request.number;
    let table = transaction.open_table(REVIEWS_BY_PULL_REQUEST)?;
    for entry in table.range((name, number, 0)..=(name, number, u64::MAX))?.rev() {
        let sha = entry?.1;
        let review = find(transaction, key_of((name, number, sha.value()))?)?;
        if review.as_ref().is_some_and(&wanted) {
            return Ok(review);
        }
    }
    Ok(None)
}

pub(crate) fn list(
    transaction: &ReadTransaction,
    repository: Option<&RepositoryName>,
    page: PageRequest,
) -> Outcome<Page<Review>> {
    let skip = usize::try_from(page.skip()).unwrap_or(usize::MAX);
    let limit = page.limit() as usize;
    let mut keys = Vec::new();
    let total = if let Some(repository) = repository {
        let name = repository.as_str();
        let table = transaction.open_table(REVIEWS_BY_REPOSITORY)?;
        for entry in table.range((name, 0)..=(name, u64::MAX))?.rev().skip(skip).take(limit) {
            let rest = entry?.1;
            let (number, sha) = rest.value();
            keys.push(key_of((name, number, sha))?);
        }
        table.range((name, 0)..=(name, u64::MAX))?.count() as u64
    } else {
        let table = transaction.open_table(REVIEWS_BY_WRITE)?;
        for entry in table.iter()?.rev().skip(skip).take(limit) {
            keys.push(key_of(entry?.1.value())?);
        }
        table.len()?
    };
    let mut items = Vec::with_capacity(keys.len());
    for key in keys {
        items.extend(find(transaction, key)?);
    }
    Ok(Page { items, total })
}

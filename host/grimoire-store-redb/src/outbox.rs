//! The outbox: publications to be posted.

use grimoire_domain::Timestamp;
use grimoire_domain::publication::{Channel, Publication};
use grimoire_domain::repository::PullRequestId;
use grimoire_domain::review::ReviewKey;
use redb::{ReadTransaction, Table, WriteTransaction};

use crate::effects::Effects;
use crate::failure::Outcome;
use crate::record::publication::{channel_code, channel_of, decode_publication, encode_publication};
use crate::record::review::{key_of, parts};
use crate::records::Records;
use crate::schema::{OUTBOX, PublicationKeyParts};

/// The table of the outbox in a transaction.
pub(crate) struct OutboxTable<'t>(Records<Table<'t, PublicationKeyParts, &'static [u8]>>);

impl<'t> OutboxTable<'t> {
    pub(crate) fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self(Records(transaction.open_table(OUTBOX)?)))
    }
}

/// The outbox in a transaction.
pub(crate) struct Outbox<'s, 't> {
    pub(crate) table: &'s mut OutboxTable<'t>,
    pub(crate) effects: &'s mut Effects,
}

impl Outbox<'_, '_> {
    /// Adds the publications of a review, or requests them again.
    pub(crate) fn put(&mut self, review: &ReviewKey, channels: &[Channel], now: Timestamp) -> Outcome<()> {
        self.effects.wrote = true;
        for channel in channels {
            self.table.0.insert(key(review, *channel), &encode_publication(now))?;
        }
        Ok(())
    }

    /// Returns true if the outbox has exactly this publication, not a newer request of it.
    pub(crate) fn has(&self, publication: &Publication) -> Outcome<bool> {
        let Publication { review, channel, requested_at } = publication;
        match self.table.0.get(key(review, *channel))? {
            Some(record) => Ok(decode_publication(record.bytes())? == *requested_at),
            None => Ok(false),
        }
    }

    pub(crate) fn remove(&mut self, publication: &Publication) -> Outcome<()> {
        self.effects.wrote = true;
        self.table.0.remove(key(&publication.review, publication.channel))
    }
}

fn key(review: &ReviewKey, channel: Channel) -> (&str, u64, &str, u8) {
    let (repository, number, sha) = parts(review);
    (repository, number, sha, channel_code(channel))
}

/// Decodes a row of the outbox.
pub(crate) fn publication_of(
    (repository, number, sha, channel): (&str, u64, &str, u8),
    record: &[u8],
) -> Outcome<Publication> {
    Ok(Publication {
        review: key_of((repository, number, sha))?,
        channel: channel_of(channel)?,
        requested_at: decode_publication(record)?,
    })
}

pub(crate) fn of_pull_request(
    transaction: &ReadTransaction,
    pull_request: &PullRequestId,
) -> Outcome<Vec<Publication>> {
    let (repository, number) = (pull_request.repository.as_str(), pull_request.number);
    let table = Records(transaction.open_table(OUTBOX)?);
    let mut publications = Vec::new();
    for row in table.range((repository, number, "", 0)..)? {
        let (key, record) = row?;
        let publication = publication_of(key.value(), record.bytes())?;
        if publication.review.pull_request != *pull_request {
            break;
        }
        publications.push(publication);
    }
    Ok(publications)
}

//! Records of publications.

use grimoire_domain::Timestamp;
use grimoire_domain::publication::Channel;
use grimoire_ports::PortError;
use serde::{Deserialize, Serialize};

use super::{decode, encode, unreadable};

const VERSION: u8 = 1;
const NAME: &str = "a publication of the outbox";

#[derive(Serialize, Deserialize)]
struct PublicationRecord {
    requested_at: Timestamp,
}

pub(crate) fn encode_publication(requested_at: Timestamp) -> Vec<u8> {
    encode(VERSION, &PublicationRecord { requested_at })
}

/// The time at which the publication was requested.
pub(crate) fn decode_publication(bytes: &[u8]) -> Result<Timestamp, PortError> {
    let record: PublicationRecord = decode(VERSION, NAME, bytes)?;
    Ok(record.requested_at)
}

/// Codes are part of the file format: never reuse one.
pub(crate) fn channel_code(channel: Channel) -> u8 {
    match channel {
        Channel::Comment => 0,
    }
}

pub(crate) fn channel_of(code: u8) -> Result<Channel, PortError> {
    let channel = Channel::ALL.into_iter().find(|channel| channel_code(*channel) == code);
    channel.ok_or_else(|| unreadable(NAME, format!("channel {code} is not known")))
}

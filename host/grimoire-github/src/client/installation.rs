//! The credentials that a call uses.

use std::collections::HashMap;
use std::sync::Arc;

use grimoire_domain::Timestamp;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use super::config::Config;
use super::transport::{Connection, Transport};

/// The account that a token belongs to.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Account {
    pub(super) id: u64,
}

/// The access to the repositories of one account, or to all others with the default token. GitHub counts requests
/// per token, so each has its own pause and cache: a rate limit of one does not affect the others.
pub(super) struct Installation {
    pub(super) transport: Transport,
    /// The token's account; requested once.
    pub(super) account: OnceCell<Account>,
    /// The time of the last write. Locked during a write: GitHub asks for one write at a time.
    pub(super) last_write: Mutex<Option<Timestamp>>,
}

impl Installation {
    fn new(connection: &Arc<Connection>, token: SecretString) -> Result<Self, PortError> {
        Ok(Self {
            transport: Transport::new(Arc::clone(connection), token)?,
            account: OnceCell::new(),
            last_write: Mutex::new(None),
        })
    }
}

/// All configured installations.
pub(super) struct Installations {
    /// Installations by the lower-case name of the account that owns the repositories.
    by_owner: HashMap<String, Installation>,
    /// The installation for the repositories of all other accounts.
    fallback: Option<Installation>,
}

impl Installations {
    /// Fails with `Invalid` for a token that is not a valid header value.
    pub(super) fn new(config: Config, connection: &Arc<Connection>) -> Result<Self, PortError> {
        let mut by_owner = HashMap::new();
        for (owner, token) in config.tokens {
            by_owner.insert(owner.to_ascii_lowercase(), Installation::new(connection, token)?);
        }
        let fallback = config.token.map(|token| Installation::new(connection, token)).transpose()?;
        Ok(Self { by_owner, fallback })
    }

    /// Returns the installation for a repository; fails with `Forbidden` if no token covers it.
    pub(super) fn of(&self, repository: &RepositoryName) -> Result<&Installation, PortError> {
        let owner = repository.owner().to_ascii_lowercase();
        self.by_owner.get(&owner).or(self.fallback.as_ref()).ok_or_else(|| {
            let message = format!("no GitHub token is for {repository}: github.tokens names other accounts");
            PortError::new(ErrorKind::Forbidden, message)
        })
    }
}

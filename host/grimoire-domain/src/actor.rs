//! The caller of an operation, and its permissions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A permission level. Each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Read everything, and have logs and errors diagnosed.
    Read,
    /// Change spells; cancel and retry jobs.
    Write,
    /// Take backups, which contain all data.
    Admin,
}

impl Permission {
    /// All permissions, lowest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// The name used in settings and responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// The text names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be read, write or admin")]
pub struct UnknownPermission;

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(word: &str) -> Result<Self, UnknownPermission> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == word).ok_or(UnknownPermission)
    }
}

/// The caller of an operation. Revisions and logs store its text, so that changes can be traced to an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A caller without a token, and the permission of such callers. That is every permission where no
    /// tokens are configured, because only this machine can connect then, and none otherwise.
    Anonymous(Option<Permission>),
    /// The holder of a configured token.
    Token {
        /// The operator's name for the token.
        label: String,
        /// The permission that the token grants.
        permission: Permission,
    },
    /// GitHub, known by a webhook request signed with a configured secret.
    Webhook,
    /// Grimoire itself, with the purpose of the action.
    System(&'static str),
}

impl Actor {
    /// Grimoire's command line, run by anyone who may read the data folder.
    pub const COMMAND_LINE: Self = Self::System("command line");
    /// The worker that runs a job.
    pub const JOB: Self = Self::System("job");

    /// Returns true if the caller has this permission.
    pub fn may(&self, needed: Permission) -> bool {
        match self {
            Self::Anonymous(permission) => permission.is_some_and(|given| given >= needed),
            Self::Token { permission, .. } => *permission >= needed,
            // The signature proves that GitHub sent the request, and GitHub has nothing to look up.
            Self::Webhook => false,
            Self::System(_) => true,
        }
    }

    /// Returns an error that names the missing permission, unless the caller has it.
    pub fn require(&self, needed: Permission) -> Result<(), Forbidden> {
        if self.may(needed) { Ok(()) } else { Err(Forbidden { actor: self.clone(), needed }) }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous(_) => formatter.write_str("anonymous"),
            Self::Token { label, .. } => write!(formatter, "token:{label}"),
            Self::Webhook => formatter.write_str("webhook"),
            Self::System(purpose) => write!(formatter, "system:{purpose}"),
        }
    }
}

/// The caller lacks a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{actor} may not do this: it needs the permission {}", .needed.as_str())]
pub struct Forbidden {
    actor: Actor,
    needed: Permission,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(permission: Permission) -> Actor {
        Actor::Token { label: "ana".to_owned(), permission }
    }

    #[test]
    fn a_permission_includes_those_before_it() {
        for given in Permission::ALL {
            for needed in Permission::ALL {
                assert_eq!(token(given).may(needed), given >= needed, "{given:?} for {needed:?}");
                assert_eq!(Actor::Anonymous(Some(given)).may(needed), given >= needed);
            }
        }
    }

    #[test]
    fn whoever_shows_nothing_may_nothing_unless_told_otherwise() {
        for needed in Permission::ALL {
            assert!(!Actor::Anonymous(None).may(needed));
            assert!(!Actor::Webhook.may(needed));
            assert!(Actor::COMMAND_LINE.may(needed));
        }
        let refused = token(Permission::Read).require(Permission::Write).expect_err("reading is not writing");
        assert_eq!(refused.to_string(), "token:ana may not do this: it needs the permission write");
    }

    #[test]
    fn no_label_of_a_token_looks_like_somebody_else() {
        for label in ["webhook", "anonymous", "system:command line"] {
            let actor = Actor::Token { label: label.to_owned(), permission: Permission::Admin };
            for other in [Actor::Anonymous(None), Actor::Webhook, Actor::COMMAND_LINE] {
                assert_ne!(actor.to_string(), other.to_string());
            }
        }
    }

    #[test]
    fn words_and_permissions_are_the_same_thing() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(permission));
        }
        assert_eq!("Write".parse::<Permission>(), Err(UnknownPermission));
    }
}

//! Signed plugins, from the key to the server that requires one.

use serde_json::json;

use crate::guests::{Group, component};
use crate::plugin_admin::{done, plugin, shown};
use crate::process::Place;

/// A place with a key `team.key`, whose public half is returned.
fn with_key(place: &Place) -> String {
    let ended = plugin(place, &["keygen", "team.key"], &[]);
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    assert!(ended.complaint().contains("plugins.trusted_keys"), "{}", ended.complaint());
    ended.output().trim_end().to_owned()
}

/// Settings that require a signature, with this trust list.
fn require(place: &Place, trusted: &str) {
    let settings = format!("[plugins]\nrequire_signed = true\ntrusted_keys = [{trusted}]\n");
    place.file("grimoire.toml", settings);
    place.allow();
}

#[test]
fn a_plugin_is_signed_and_runs_where_its_key_is_trusted() {
    let place = Place::new();
    let public = with_key(&place);
    place.file("team-matcher.wasm", component(Group::Matcher, "honest"));
    require(&place, &format!("\"team:{public}\""));
    let refused = plugin(&place, &["install", "team-matcher.wasm"], &[]);
    assert_eq!(refused.code(), 65);
    assert!(
        refused.complaint().contains("is unsigned, and plugins.require_signed is on"),
        "{}",
        refused.complaint()
    );

    done(&place, &["sign", "team-matcher.wasm", "--key", "team.key"], &[]);
    let looked_at = done(&place, &["inspect", "team-matcher.wasm"], &[]);
    assert!(looked_at.contains("signature    signed by team\n"), "{looked_at}");
    done(&place, &["install", "team-matcher.wasm"], &[]);
    assert!(done(&place, &["list"], &[]).contains("installed, signed by team"));
    let details = shown(&place, "team-matcher", &[]);
    assert_eq!((&details["signature"], &details["signer"]), (&json!("trusted"), &json!("team")));
    let verified = details["receipts"][0]["verified"].as_array().expect("a list");
    assert!(verified.contains(&json!("signature (signed by team)")), "{verified:?}");
}

#[test]
fn a_key_that_is_trusted_no_more_takes_its_plugins_with_it() {
    let place = Place::new();
    let public = with_key(&place);
    place.file("team-matcher.wasm", component(Group::Matcher, "honest"));
    done(&place, &["sign", "team-matcher.wasm", "--key", "team.key"], &[]);
    require(&place, &format!("\"team:{public}\""));
    done(&place, &["install", "team-matcher.wasm"], &[]);
    require(&place, "");
    let list = done(&place, &["list"], &[]);
    assert!(list.contains("refused: is signed by an unknown key"), "{list}");
    let digest = shown(&place, "team-matcher", &[])["installed"][0]["digest"].clone();
    let digest = digest.as_str().expect("a digest");
    let refused = plugin(&place, &["activate", "team-matcher", digest], &[]);
    assert_eq!(refused.code(), 65, "{}", refused.complaint());
}

#[test]
fn what_was_changed_after_it_was_signed_is_refused_everywhere() {
    let place = Place::new();
    with_key(&place);
    place.file("team-matcher.wasm", component(Group::Matcher, "honest"));
    done(&place, &["sign", "team-matcher.wasm", "--key", "team.key"], &[]);
    let mut changed = std::fs::read(place.path().join("team-matcher.wasm")).expect("the component");
    changed.extend_from_slice(b"\0\x03\x01n\x02");
    place.file("team-matcher.wasm", changed);
    for command in ["inspect", "check", "install"] {
        let refused = plugin(&place, &[command, "team-matcher.wasm"], &[]);
        assert_eq!(refused.code(), 65, "{command}");
        assert!(refused.complaint().contains("was added after its signature"), "{}", refused.complaint());
    }
}

#[test]
fn what_is_wrong_with_keys_is_told() {
    let place = Place::new();
    with_key(&place);
    let again = plugin(&place, &["keygen", "team.key"], &[]);
    assert_ne!(again.code(), 0);
    assert!(again.complaint().contains("a key that is overwritten is lost"), "{}", again.complaint());
    place.file("team-matcher.wasm", component(Group::Matcher, "honest"));
    let no_key = plugin(&place, &["sign", "team-matcher.wasm", "--key", "team-matcher.wasm"], &[]);
    assert_ne!(no_key.code(), 0, "a component is no key");
    place.file("grimoire.toml", "[plugins]\ntrusted_keys = [\"team\", \"ana:12\"]\n");
    place.allow();
    let ended = place.run(&["config", "check"], b"");
    assert_eq!(ended.code(), 78);
    for expected in ["\"team\" must be name:key", "ana: a public key has 64 hexadecimal digits"] {
        assert!(ended.complaint().contains(expected), "{}", ended.complaint());
    }
}

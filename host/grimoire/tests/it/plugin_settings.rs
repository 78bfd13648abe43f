//! The settings of plugins: what an operator writes reaches the plugin, and what it refuses stops the start.

use crate::guests::{Group, component};
use crate::plugin_admin::{done, plugin};
use crate::process::Place;

/// A place whose folder of plugins has one guest, with this configuration.
fn configured(guest: &str, settings: &str) -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("plugins")).expect("a folder can be made");
    place.file("plugins/team-analyzer.wasm", component(Group::Analyzer, guest));
    place.file("grimoire.toml", format!("[plugins]\nfolder = \"plugins\"\n{settings}"));
    place.allow();
    place
}

/// The code and the complaint of the check.
fn checked(place: &Place) -> (i32, String) {
    let ended = place.run(&["config", "check"], b"");
    (ended.code(), ended.complaint())
}

#[test]
fn what_a_plugin_refuses_is_told_in_its_own_words_before_anything_starts() {
    let settings = "[plugins.config.team-analyzer]\nlimit = 3\n";
    assert_eq!(checked(&configured("honest", settings)), (0, String::new()));
    assert_eq!(checked(&configured("refuses_settings", "")).0, 0, "it is not asked without a configuration");

    let place = configured("refuses_settings", settings);
    let expected = "plugins.config.team-analyzer: the plugin refuses its configuration: no [1mgood";
    let (code, complaint) = checked(&place);
    assert_eq!(code, 78, "{complaint}");
    assert!(complaint.contains(expected), "{complaint}");
    let ended = place.run(&["serve", "--port", "0"], b"");
    assert_eq!(ended.code(), 78);
    assert!(ended.complaint().contains(expected), "{}", ended.complaint());

    // A shipped plugin has none, and says so.
    let place = configured("honest", "[plugins.config.analyzer-rust]\nlimit = 3\n");
    let (code, complaint) = checked(&place);
    assert_eq!(code, 78);
    assert!(
        complaint.contains(
            "plugins.config.analyzer-rust: the plugin refuses its configuration: this plugin has no settings"
        ),
        "{complaint}"
    );
}

#[test]
fn a_plugin_that_is_installed_later_is_held_against_its_settings() {
    let place = Place::new();
    place.file("team-analyzer.wasm", component(Group::Analyzer, "refuses_settings"));
    place.file("good.wasm", component(Group::Analyzer, "honest"));
    // A store, in which it may be installed.
    done(&place, &["install", "good.wasm"], &[]);
    place.file("grimoire.toml", "[plugins.config.team-analyzer]\nlimit = 3\n");
    place.allow();
    assert_eq!(checked(&place).0, 0, "it may be installed");
    let refused = plugin(&place, &["install", "team-analyzer.wasm"], &[]);
    assert_eq!(refused.code(), 65, "{}", refused.complaint());
    assert!(refused.complaint().contains("refuses its configuration: no [1mgood"), "{}", refused.complaint());
    place.file("team-analyzer.wasm", component(Group::Analyzer, "honest"));
    done(&place, &["install", "team-analyzer.wasm"], &[]);
    assert!(done(&place, &["list"], &[]).contains("calls itself guest"));
}

#[test]
fn what_is_no_table_of_settings_is_refused_with_its_place() {
    for (settings, expected) in [
        ("[plugins.config.nobody]\nlimit = 3\n", "plugins.config: there is no plugin \"nobody\""),
        ("[plugins.config.Team]\n", "plugins.config: \"Team\": "),
        (
            "[plugins.config]\nteam-analyzer = 3\n",
            "plugins.config: must have a table of settings for each plugin",
        ),
        (
            "[plugins.config.team-analyzer]\nlimit = inf\n",
            "plugins.config: has inf, which is no number of JSON",
        ),
    ] {
        let (code, complaint) = checked(&configured("honest", settings));
        assert_eq!(code, 78, "{settings}: {complaint}");
        assert!(complaint.contains(expected), "{settings}: {complaint}");
    }
    let place = configured("refuses_settings", "");
    let output = place
        .grimoire(&["config", "check"])
        .env("GRIMOIRE_PLUGINS_CONFIG", "{\"team-analyzer\": {}}")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(78), "JSON in the environment is the same");
}

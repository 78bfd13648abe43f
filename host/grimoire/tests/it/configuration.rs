//! Settings: layers, all problems at once, no secret shown.

use crate::process::Place;

#[test]
fn explain_names_the_value_and_its_place_and_masks_secrets() {
    let place = Place::new();
    place.file("grimoire.toml", "[server]\nport = 9000\n\n[matching]\nthreshold = 0.25\n");
    place.file(".env", "# a comment\nGITHUB_WEBHOOK_SECRET=hunter2hunter2\nAPI_PORT=9100\n");
    let output = place.grimoire(&["config", "explain"]).env("LOG_LEVEL", "debug").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let row = |key: &str| {
        text.lines().find(|line| line.trim_start().starts_with(key)).unwrap_or_default().to_owned()
    };
    assert!(
        row("matching.threshold").contains("0.25") && row("matching.threshold").contains("grimoire.toml:5")
    );
    assert!(row("server.port").contains("9100") && row("server.port").contains(".env:3"));
    assert!(row("log.level").contains("debug") && row("log.level").contains("LOG_LEVEL"));
    assert!(row("jobs.workers").contains("default"));
    assert!(row("github.webhook_secrets").contains("********"));
    assert!(!text.contains("hunter2"));
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let place = Place::new();
    place.file("grimoire.toml", "[server]\nprot = 1\nport = 99999\n[jobs]\nworkers = []\n");
    let ended = place.run(&["config", "check"], b"");
    assert_eq!(ended.code(), 78);
    let complaint = ended.complaint();
    assert!(
        complaint.contains("grimoire.toml:2") && complaint.contains("did you mean server.port"),
        "{complaint}"
    );
    assert!(complaint.contains("grimoire.toml:5"), "{complaint}");
    // What is no setting does not hide what is wrong with those that are.
    assert!(complaint.contains("grimoire.toml:3: server.port"), "{complaint}");

    place.file("grimoire.toml", "[server]\nport = 99999\nhost = \"nowhere\"\n[matching]\nthreshold = 2\n");
    let complaint = place.run(&["config", "check"], b"").complaint();
    for key in ["server.port", "server.host", "matching.threshold"] {
        assert!(complaint.contains(key), "{key} is missing in {complaint}");
    }
}

#[test]
fn a_secret_never_stands_in_a_complaint() {
    let place = Place::new();
    let output = place
        .grimoire(&["config", "check"])
        .env("GRIMOIRE_SERVER_API_TOKENS", "s3cr3t-without-a-label")
        .env("DATABASE_URL", "postgres://user:s3cr3t@db/x")
        .output()
        .expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78));
    assert!(complaint.contains("server.api_tokens") && complaint.contains("storage.url"), "{complaint}");
    assert!(!complaint.contains("s3cr3t"), "{complaint}");
}

#[test]
fn listening_beyond_loopback_needs_tokens() {
    let ended = Place::new().run(&["serve", "--host", "0.0.0.0", "--port", "0"], b"");
    assert_eq!(ended.code(), 78);
    assert!(ended.complaint().contains("server.api_tokens"), "{}", ended.complaint());
}

#[test]
fn production_needs_a_webhook_secret() {
    let place = Place::new();
    let output =
        place.grimoire(&["serve", "--port", "0"]).env("APP_ENV", "production").output().expect("it runs");
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("GITHUB_WEBHOOK_SECRET"));
}

#[test]
fn a_misspelt_variable_of_ours_is_noticed() {
    let place = Place::new();
    place.file(".env", "\nGRIMOIRE_SERVER_HSOT=1\n");
    let output =
        place.grimoire(&["config", "check"]).env("GRIMOIRE_SERVER_PROT", "1").output().expect("it runs");
    assert_eq!(output.status.code(), Some(78));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("GRIMOIRE_SERVER_PROT"), "{complaint}");
    assert!(complaint.contains(".env:2: GRIMOIRE_SERVER_HSOT"), "{complaint}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let place = Place::new();
    let ended = place.run(&["--config", "nowhere.toml", "config", "check"], b"");
    assert_eq!(ended.code(), 78);
    assert!(ended.complaint().contains("nowhere.toml: cannot be read"), "{}", ended.complaint());
    std::fs::create_dir(place.path().join(".env")).expect("a folder can be made");
    let ended = place.run(&["config", "check"], b"");
    assert_eq!(ended.code(), 78);
    assert!(ended.complaint().contains(".env: cannot be read"), "{}", ended.complaint());
}

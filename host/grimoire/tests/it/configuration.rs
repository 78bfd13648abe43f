//! Settings: layers, all problems at once, no secrets shown.

use crate::guests::{Group, component};
use crate::process::Place;

#[test]
fn explain_names_the_value_and_its_place_and_masks_secrets() {
    let place = Place::new();
    place.file("grimoire.toml", "[server]\nport = 9000\n\n[matching]\nthreshold = 0.25\n");
    place.file(".env", "# a comment\nGITHUB_WEBHOOK_SECRET=hunter2hunter2\nAPI_PORT=9100\n");
    place.allow();
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
    assert!(row("jobs.review_workers").contains("default"));
    assert!(row("github.webhook_secrets").contains("********"));
    assert!(!text.contains("hunter2"));
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let place = Place::new();
    place.file("grimoire.toml", "[server]\nprot = 1\nport = 99999\n[jobs]\nreview_workers = []\n");
    let ended = place.run(&["config", "check"], b"");
    assert_eq!(ended.code(), 78);
    let complaint = ended.complaint();
    assert!(
        complaint.contains("grimoire.toml:2") && complaint.contains("did you mean server.port"),
        "{complaint}"
    );
    assert!(complaint.contains("grimoire.toml:5"), "{complaint}");
    // An unknown setting does not hide problems of known ones.
    assert!(complaint.contains("grimoire.toml:3: server.port"), "{complaint}");

    place.file("grimoire.toml", "[server]\nport = 99999\nhost = \"nowhere\"\n[matching]\nthreshold = 2\n");
    let complaint = place.run(&["config", "check"], b"").complaint();
    for key in ["server.port", "server.host", "matching.threshold"] {
        assert!(complaint.contains(key), "{key} is missing in {complaint}");
    }
}

#[test]
fn a_file_of_nothing_but_mistakes_is_told_in_part() {
    let place = Place::new();
    let many: String = (0..30_000).map(|number| format!("[a{number}]\nb = 1\n")).collect::<Vec<_>>().concat();
    let long = format!("[server]\n{} = 1\n", "p".repeat(1_000_000));
    let outside: String = (0..30_000).map(|number| format!("a{number} = 1\n")).collect::<Vec<_>>().concat();
    for (content, problems) in [(many, 101), (long, 1), (outside, 101)] {
        place.file("grimoire.toml", content);
        let ended = place.run(&["config", "check"], b"");
        assert_eq!(ended.code(), 78);
        let complaint = ended.complaint();
        assert!(complaint.len() < 20_000, "{} bytes", complaint.len());
        assert_eq!(complaint.lines().count(), 1 + problems, "{complaint}");
        assert_eq!(complaint.contains("has more problems than these"), problems > 100, "{complaint}");
    }
    let variables: String =
        (0..50_000).map(|number| format!("GRIMOIRE_A{number}=1\n")).collect::<Vec<_>>().concat();
    place.file("grimoire.toml", "");
    place.file(".env", variables);
    let complaint = place.run(&["config", "check"], b"").complaint();
    assert!(complaint.lines().count() < 110, "{} lines", complaint.lines().count());
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

#[test]
fn the_configuration_of_a_folder_above_is_found_and_its_paths_begin_there() {
    let place = Place::new();
    place.file("grimoire.toml", "[matching]\nthreshold = 0.25\n");
    place.file(".env", "API_PORT=9100\n");
    std::fs::create_dir_all(place.path().join("crates/app")).expect("folders can be made");
    let mut command = place.grimoire(&["config", "explain"]);
    let output = command.current_dir(place.path().join("crates/app")).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("0.25") && text.contains("grimoire.toml:2"), "{text}");
    assert!(text.contains("9100"), "{text}");

    // A spellbook created above is used below.
    assert_eq!(place.run(&["spells", "import", "starter"], b"").code(), 0);
    let mut command = place.grimoire(&["spells", "list", "--limit", "1"]);
    let output = command.current_dir(place.path().join("crates/app")).output().expect("it runs");
    assert!(output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!complaint.contains("starter"), "no other spellbook stands in: {complaint}");
    assert!(!place.path().join("crates/app/data").exists());
}

#[test]
fn levels_have_their_usual_names_and_others_are_refused() {
    let place = Place::new();
    for (level, code) in
        [("WARNING", 0), ("debug", 0), ("info,hyper=debug", 0), ("verbose", 78), ("info,x=loud", 78)]
    {
        let output = place.grimoire(&["config", "check"]).env("LOG_LEVEL", level).output().expect("it runs");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{level}: {complaint}");
        assert!(code == 0 || complaint.contains("LOG_LEVEL"), "{complaint}");
    }
}

#[test]
fn what_serve_refuses_is_refused_by_the_check() {
    let place = Place::new();
    for (name, value, key) in [
        ("APP_ENV", "production", "github.webhook_secrets"),
        ("GRIMOIRE_PLUGINS_MATCHER", "matcher-of-dreams", "plugins.matcher"),
        ("GRIMOIRE_PLUGINS_FOLDER", "nowhere", "plugins.folder"),
        ("GRIMOIRE_GITHUB_STORAGE_HOSTS", "127.0.0.1", "127.0.0.1"),
        ("GITHUB_API_TOKEN", "two\nlines", "token"),
    ] {
        for arguments in [&["config", "check"][..], &["serve", "--port", "0"]] {
            let output = place
                .grimoire(arguments)
                .envs([("GITHUB_API_TOKEN", "a-token"), (name, value)])
                .output()
                .expect("it runs");
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code().is_some_and(|code| code >= 64), "{name} {arguments:?}: {complaint}");
            assert!(complaint.contains(key), "{name} {arguments:?}: {complaint}");
        }
    }
}

/// A folder like a stranger's checkout: it chooses a plugin that traps as the matcher, and keys.
fn foreign_checkout() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path().join("plugins")).expect("a folder can be made");
    place.file("plugins/trapping-matcher.wasm", component(Group::Matcher, "deep_recursion"));
    place.file("grimoire.toml", "[plugins]\nfolder = \"plugins\"\nmatcher = \"trapping-matcher\"\n");
    place.file(".env", "GITHUB_API_TOKEN=a-token-of-theirs\nAPI_PORT=9100\n");
    place
}

#[test]
fn a_foreign_checkout_chooses_no_plugins_and_keys_until_it_is_allowed() {
    let place = foreign_checkout();
    let ignored =
        ["grimoire.toml:2: plugins.folder", "grimoire.toml:3: plugins.matcher", ".env:1: github.token"];
    let log = b"error[E0382]: borrow of moved value: `x`\n --> src/main.rs:4:7\n";
    let ended = place.run(&["match"], log);
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    assert!(!ended.complaint().contains("trapping-matcher failed"), "{}", ended.complaint());
    for setting in ignored {
        assert!(ended.complaint().contains(&format!("{setting} is not obeyed")), "{}", ended.complaint());
    }
    // Settings that are not guarded take effect.
    let explained = place.run(&["config", "explain"], b"").output();
    assert!(
        explained.lines().any(|line| line.contains("server.port") && line.contains("9100")),
        "{explained}"
    );

    // A service does not start if any configured value is ignored.
    for command in [&["serve", "--port", "0"][..], &["config", "check"]] {
        let ended = place.run(command, b"");
        assert_eq!(ended.code(), 78, "{}", ended.complaint());
        for setting in ignored {
            assert!(ended.complaint().contains(setting), "{}", ended.complaint());
        }
        assert!(ended.complaint().contains("grimoire config allow"), "{}", ended.complaint());
        assert!(!ended.complaint().contains("a-token-of-theirs"), "{}", ended.complaint());
    }

    place.allow();
    assert!(place.run(&["match"], log).complaint().contains("trapping-matcher failed (trap)"));

    // Only the earlier content of the file is allowed.
    place.file(".env", "GITHUB_API_TOKEN=another-token\n");
    let ended = place.run(&["config", "check"], b"");
    assert!(ended.complaint().contains(".env:1: github.token: is not obeyed"), "{}", ended.complaint());
    assert!(!ended.complaint().contains("plugins.folder"), "{}", ended.complaint());
}

#[test]
fn a_file_that_is_named_needs_no_allowance() {
    let place = foreign_checkout();
    std::fs::remove_file(place.path().join(".env")).expect("removed");
    let ended = place.run(&["--config", "grimoire.toml", "config", "check"], b"");
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
}

/// Copies the data folder of another machine to this place, as `tar` and `cp -a` do: with the modes of its files.
fn bring(other: &Place, place: &Place) {
    let from = other.path().join("data");
    let to = place.path().join("data");
    std::fs::create_dir(&to).expect("a folder can be made");
    for name in ["grimoire.redb", "webhook-secret", "folder-id"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).expect("a file can be copied");
        }
    }
}

#[test]
fn a_data_folder_that_came_along_is_refused_until_it_is_allowed() {
    let theirs = Place::new();
    assert!(theirs.serve(&[]).stop());
    let secret = std::fs::read(theirs.path().join("data/webhook-secret")).expect("a secret was made");
    let ours = Place::new();
    bring(&theirs, &ours);
    ours.file("event.json", "{}");
    for command in [
        &["serve", "--port", "0"][..],
        &["config", "check"],
        &["match"],
        &["plugin", "list"],
        &["spells", "list"],
        &["webhook", "send", "event.json", "--event", "ping"],
        &["restore", "nothing.redb"],
    ] {
        let ended = ours.run(command, b"");
        assert_eq!(ended.code(), 78, "{command:?}: {}", ended.complaint());
        let complaint = ended.complaint();
        assert!(
            complaint.contains("data: it is unknown who made this data folder"),
            "{command:?}: {complaint}"
        );
        assert!(complaint.contains("grimoire config allow"), "{command:?}: {complaint}");
    }

    let allowed = ours.run(&["config", "allow"], b"").output();
    assert!(allowed.contains("the data folder data is allowed"), "{allowed}");
    assert_eq!(ours.run(&["spells", "list"], b"").code(), 0);
    assert!(ours.serve(&[]).stop());
    assert_eq!(std::fs::read(ours.path().join("data/webhook-secret")).expect("it is there"), secret);
}

#[test]
fn a_secret_alone_that_came_along_is_refused_too() {
    let theirs = Place::new();
    assert!(theirs.serve(&[]).stop());
    std::fs::remove_file(theirs.path().join("data/grimoire.redb")).expect("removed");
    let ours = Place::new();
    bring(&theirs, &ours);
    assert_eq!(ours.run(&["serve", "--port", "0"], b"").code(), 78);
    assert!(!ours.path().join("data/grimoire.redb").exists(), "nothing was begun");
}

#[test]
fn an_unallowed_file_does_not_vouch_for_a_data_folder() {
    let theirs = Place::new();
    assert!(theirs.serve(&[]).stop());
    let ours = Place::new();
    bring(&theirs, &ours);
    ours.file("grimoire.toml", "[storage]\nfolder = \"data\"\n");
    let ended = ours.run(&["spells", "list"], b"");
    assert_eq!(ended.code(), 78, "{}", ended.complaint());
    let ended = ours.run(&["--config", "grimoire.toml", "spells", "list"], b"");
    assert_eq!(ended.code(), 0, "whoever names the file trusts it: {}", ended.complaint());
}

#[test]
fn a_data_folder_that_was_named_once_is_known_wherever_it_is_moved() {
    let theirs = Place::new();
    assert!(theirs.serve(&[]).stop());
    let ours = Place::new();
    bring(&theirs, &ours);
    let mut named = ours.grimoire(&["spells", "list"]);
    let output = named.env("GRIMOIRE_STORAGE_FOLDER", "data").output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(ours.run(&["spells", "list"], b"").code(), 0);

    let moved = ours.path().join("elsewhere");
    std::fs::create_dir(&moved).expect("a folder can be made");
    std::fs::rename(ours.path().join("data"), moved.join("data")).expect("it can be moved");
    let output = ours.grimoire(&["spells", "list"]).current_dir(moved).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_folder_of_that_name_without_anything_of_grimoire_is_used() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("data")).expect("a folder can be made");
    place.file("data/measurements.csv", "1,2\n");
    assert!(place.serve(&[]).stop());
    assert!(place.serve(&[]).stop(), "and known afterwards");
}

#[test]
fn a_foreign_checkout_names_no_host_that_gets_a_token() {
    let place = Place::new();
    place.file(
        "grimoire.toml",
        "[server]\nhost = \"192.0.2.7\"\ncors_origins = [\"https://theirs.example\"]\n",
    );
    let mut command = place.grimoire(&["webhook", "list"]);
    command.env("GRIMOIRE_SERVER_API_TOKENS", "ana:a-token-of-this-user").env("API_PORT", "1");
    let output = command.output().expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("grimoire.toml:2: server.host is not obeyed"), "{complaint}");
    assert!(complaint.contains("grimoire.toml:3: server.cors_origins is not obeyed"), "{complaint}");
    assert!(complaint.contains("http://127.0.0.1:1"), "{complaint}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_named_and_not_left_out() {
    use std::os::unix::ffi::OsStrExt as _;

    let place = Place::new();
    let output = place
        .grimoire(&["config", "check"])
        .env("GITHUB_WEBHOOK_SECRET", std::ffi::OsStr::from_bytes(b"hunter2\xff"))
        .env("UNRELATED", std::ffi::OsStr::from_bytes(b"\xff"))
        .output()
        .expect("it runs");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{complaint}");
    assert!(
        complaint.contains("environment variable GITHUB_WEBHOOK_SECRET: is not valid text"),
        "{complaint}"
    );
    assert!(!complaint.contains("hunter2") && !complaint.contains("UNRELATED"), "{complaint}");
}
